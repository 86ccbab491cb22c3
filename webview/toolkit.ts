/**
 * The only file that imports the component library. The toolkit is archived upstream: to replace it, change this file
 * and the element names it registers.
 */
import { loaded } from './late-theme.ts';
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

loaded();

/** Registers `<vscode-button>`, `<vscode-progress-ring>` and `<vscode-text-field>`. */
export function registerComponents(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing(), vsCodeTextField());
}
