import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from './language.ts';

export interface CalloutActions {
  again(): void;
  log(): void;
}

/** What a panel shows in the place of its content: the cause, the cure and the ways on. @param others more buttons */
export function failedCallout(
  failure: { readonly message: string; readonly remedy: string },
  actions: CalloutActions,
  others?: TemplateResult,
): TemplateResult {
  return html`<div class="callout failed" role="alert">
    <i class="codicon codicon-error" aria-hidden="true"></i>
    <div>
      <p>${failure.message}</p>
      <p>${failure.remedy}</p>
      <p class="actions">
        <vscode-button @click=${actions.again}>${t('Try Again')}</vscode-button>
        ${others}
        <vscode-button appearance="secondary" @click=${actions.log}>${t('Show Log')}</vscode-button>
      </p>
    </div>
  </div>`;
}
