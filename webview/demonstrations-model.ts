import type { DemonstrationsState, EditedDemonstration } from './protocol.ts';

/** What is open in a list of examples; all else is the host's. */
export interface OpenEntry {
  readonly open?: number;
  readonly editing?: number;
  readonly problem?: string;
}

export interface DemonstrationsModel extends OpenEntry {
  readonly state: DemonstrationsState;
}

/** What the host does for a list of examples. */
export interface DemonstrationsHost {
  move(from: number, to: number): void;
  enable(index: number, enabled: boolean): void;
  remove(index: number): void;
  /** @throws Error with a sentence for the person; nothing has changed then. */
  save(index: number, demonstration: EditedDemonstration): Promise<unknown>;
  addFromSession(): void;
  showText(line: number): void;
}

export interface DemonstrationsActions extends Omit<DemonstrationsHost, 'save'> {
  toggle(index: number): void;
  edit(index: number): void;
  cancel(): void;
  save(index: number, demonstration: EditedDemonstration): void;
}

/** What a person can do with a list, over its host and what is open in it. */
export function demonstrationsActions(
  host: DemonstrationsHost,
  entry: () => OpenEntry,
  open: (next: OpenEntry) => void,
): DemonstrationsActions {
  return {
    toggle: (index) => open(entry().open === index ? {} : { open: index }),
    edit: (index) => open({ open: index, editing: index }),
    cancel: () => {
      const { open: index } = entry();
      open(index === undefined ? {} : { open: index });
    },
    move: (from, to) => {
      open({});
      host.move(from, to);
    },
    enable: (index, enabled) => host.enable(index, enabled),
    remove: (index) => {
      open({});
      host.remove(index);
    },
    save: (index, demonstration) =>
      void host.save(index, demonstration).then(
        () => open({ open: index }),
        (error: unknown) => open({ ...entry(), problem: (error as Error).message }),
      ),
    addFromSession: () => host.addFromSession(),
    showText: (line) => host.showText(line),
  };
}
