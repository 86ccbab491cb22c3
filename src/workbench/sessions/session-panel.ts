import * as vscode from 'vscode';
import {
  firstRounds,
  sessionContract,
  type SessionContract,
  type SessionPanelState,
} from '../../../webview/protocol.ts';
import type { Disposable } from '../../shared/disposable.ts';
import { CancelledError, ToolRecError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { showFailure } from '../failures.ts';
import { commands } from '../names.ts';
import { PageWriter } from '../page-writer.ts';
import type { Workbench } from '../workbench.ts';
import { chooseBreakpoints } from './breakpoints.ts';
import { chooseRetrieval } from './choose-retrieval.ts';
import type { OpenSession, SessionChange } from './open-session.ts';
import { openPromptFile, readPrompt, savePrompt } from './prompt-files.ts';
import type { SessionDemonstrations } from './session-demonstrations.ts';
import { type ClockDifference, type DrawnPicture, PictureTimes } from './picture-times.ts';
import type { SessionMove } from './session-panels.ts';
import type { SessionReference } from './session-ids.ts';
import {
  type FamilyMember,
  headView,
  historyCards,
  RoundViews,
  shownLeft,
  type ShownLine,
  trailOf,
} from './session-view.ts';
import { openCall } from './session-texts.ts';

/** A page that has not drawn for so long is told all the same: it may be hidden. */
const drawnAtLatestMs = 500;
/** So many pictures can be on their way: one is drawn while the next comes. */
const mostUnderWay = 2;
/**
 * What changes within so long while a round is under way is one picture. Most rounds of the offline policy are shorter:
 * they are shown whole, for a second picture would wait until the page has drawn the first.
 */
const gatherMs = 20;
/** Something may follow at once, as a round follows when a session begins again. */
const idleMs = 4;
/** Pause between two looks at what a model is writing. */
const writingMs = 40;

/** From the command to the first picture, and from a change in the host to its picture; milliseconds. */
export interface PanelTimings {
  /** From the request for the panel to its first picture with the session in it. */
  readonly shown: number | undefined;
  /** The latest changes: from the change in the host to its picture, by the page's clock. */
  readonly drawn: readonly number[];
  /** The same until the page's word of it has come back. */
  readonly heard: readonly number[];
  readonly clocks: ClockDifference;
}

/** One session panel. Owns what it shows; the page only draws it. */
export class SessionPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly workbench: Workbench;
  private readonly page: HostEnd<SessionContract>;
  private readonly writer: PageWriter;
  private readonly asked: number;
  private readonly wanted: SessionReference | undefined;
  private state: SessionPanelState;
  private current: OpenSession | undefined;
  private listener: Disposable | undefined;
  private examples: Promise<SessionDemonstrations> | undefined;
  private views = new RoundViews();
  private line: ShownLine = {};
  /** Rounds that the page is near. */
  private near: ReadonlySet<number> = new Set(firstRounds);
  /** undefined until it has been read. */
  private family: readonly FamilyMember[] | undefined;
  private leftLines = shownLeft;
  private atRound = 0;
  private revision = 0;
  /** The latest revision that the page has drawn, or is not waited for any more. */
  private settled = 0;
  private readonly pictures = new PictureTimes();
  /** The first revision with the session in it. */
  private firstFull = Infinity;
  private firstShown: number | undefined;
  private scheduled: NodeJS.Immediate | undefined;
  private gathering: NodeJS.Timeout | undefined;
  /** Whether a round was under way at the last change. */
  private busy = false;
  /** When the first change was made that the page has not been told. */
  private changedAt: number | undefined;
  /** Runs while pictures are on their way. */
  private drawing: NodeJS.Timeout | undefined;
  private writing: NodeJS.Timeout | undefined;
  private readonly list: Disposable;
  private opening: AbortController | undefined;
  /** Whether the page has drawn anything, or is not waited for any more. */
  private answered = false;
  /** Whether the person has been here. */
  private looked: boolean;
  private disposed = false;
  private readonly reopen: () => void;

  constructor(
    panel: vscode.WebviewPanel,
    workbench: Workbench,
    options: {
      /** `performance.now()` of the request for the panel. */
      readonly asked: number;
      readonly title: string;
      /** The session that it is opened for, where there is one already. */
      readonly reference?: SessionReference;
      /** Opens or starts the session; asked again when the person tries again. */
      readonly open: (work: {
        readonly signal: AbortSignal;
        readonly onProgress: (report: { message: string }) => void;
      }) => Promise<OpenSession>;
    },
  ) {
    this.panel = panel;
    this.workbench = workbench;
    this.asked = options.asked;
    this.wanted = options.reference;
    this.looked = panel.active;
    const { extensionUri } = workbench;
    const icon = (theme: string) => vscode.Uri.joinPath(extensionUri, 'media', `session-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    this.state = { kind: 'preparing', title: options.title, message: '' };
    this.page = this.connect();
    panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message));
    panel.onDidChangeViewState(() => {
      // Where the page is not kept while hidden, VS Code drops it and loads it anew.
      if (!panel.visible && !panel.options.retainContextWhenHidden) this.page.suspend();
      if (panel.active) this.becomeActive();
    });
    this.list = workbench.sessions.onDidChangeList(() => void this.readFamily());
    this.reopen = () => void this.start(options.title, options.open);
    panel.onDidDispose(() => this.end());
    this.writer = new PageWriter(panel, {
      extension: extensionUri,
      log: workbench.log,
      bundle: 'session',
      title: options.title,
      onWritten: () => this.introduce(),
    });
    this.reopen();
  }

  get session(): OpenSession | undefined {
    return this.current;
  }
  /** Of the session that is shown, or is to be. */
  get reference(): SessionReference | undefined {
    return this.current?.reference ?? this.wanted;
  }
  get active(): boolean {
    return this.panel.active;
  }
  /** The round that has the focus; 0 = none. */
  get focusedRound(): number {
    return this.atRound;
  }
  get timings(): PanelTimings {
    const { drawn, heard, clocks } = this.pictures;
    return { shown: this.firstShown, drawn, heard, clocks };
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Does what a command asks at the round that has the focus. */
  perform(move: SessionMove): void {
    this.panel.reveal();
    this.page.update('perform', { move });
  }

  /** Shows another session of the family in its place. */
  async switchTo(reference: SessionReference): Promise<void> {
    this.show(await this.workbench.sessions.get(reference));
  }

  private async start(
    title: string,
    open: (work: {
      readonly signal: AbortSignal;
      readonly onProgress: (report: { message: string }) => void;
    }) => Promise<OpenSession>,
  ): Promise<void> {
    const opening = (this.opening = new AbortController());
    this.become({ kind: 'preparing', title, message: '' });
    try {
      const session = await open({
        signal: opening.signal,
        onProgress: ({ message }) => this.become({ kind: 'preparing', title, message }),
      });
      this.show(session);
    } catch (error) {
      if (opening.signal.aborted) return;
      const typed = error instanceof ToolRecError ? error : undefined;
      this.workbench.log.error(typed ? `${typed.code}: ${typed.describe()}` : String(error));
      const message =
        error instanceof CancelledError
          ? vscode.l10n.t('It was cancelled.')
          : error instanceof Error
            ? error.message
            : String(error);
      this.become({ kind: 'failed', title, failure: { message, remedy: typed?.remedy ?? '' } });
    }
  }

  private show(session: OpenSession): void {
    const { sessions, sessionPanels } = this.workbench;
    if (this.disposed) {
      // The panel was closed while it was opened.
      if (!sessionPanels.shows(session)) void sessions.close(session);
      return;
    }
    if (session === this.current) return;
    const before = this.current;
    this.listener?.dispose();
    this.forgetExamples();
    this.current = session;
    this.line = {};
    this.family = undefined;
    this.leftLines = shownLeft;
    this.views = new RoundViews();
    this.listener = session.onDidChange((change) => this.onChange(change));
    const title = titleOf(session);
    if (this.panel.title !== title) this.panel.title = title;
    if (before) sessionPanels.switched(before.reference, session.reference);
    if (this.isMine(before)) this.becomeActive();
    // What the next round needs is opened when the page has been drawn: until then it would keep the machine from that.
    if (this.answered) void session.prepare();
    if (before && !sessionPanels.shows(before)) void sessions.close(before);
    if (this.page.listening) {
      this.tellReference();
      this.tell();
    } else this.drawing ??= setTimeout(() => this.goOn(this.revision), drawnAtLatestMs);
    void this.readFamily();
  }

  /** What follows the active session has time until the page has been drawn: both are drawn by one thread of VS Code. */
  private becomeActive(): void {
    this.looked ||= this.panel.active;
    if (this.answered && this.current) this.workbench.sessions.setActive(this.current);
  }

  /** Whether what is shown here should be the active session where another one was. */
  private isMine(before?: OpenSession): boolean {
    const { sessions, sessionPanels } = this.workbench;
    if (this.panel.active || sessions.active === before) return true;
    // Who has looked here and gone on to a file is still at this session; who has gone on to another session is not.
    return before === undefined && this.looked && sessionPanels.inFront === undefined;
  }

  /** What the page was first told is drawn, or is not waited for any more. */
  private answer(): void {
    if (this.answered) return;
    this.answered = true;
    if (this.isMine()) this.becomeActive();
    void this.current?.prepare();
  }

  /** Shows the session on a page that does not listen yet, as soon as there is all that belongs to its first picture. */
  private introduce(): void {
    const { current, writer, family } = this;
    if (!current || !family || this.page.listening) return;
    if (!writer.open) {
      this.page.greet();
      return;
    }
    // Columns and taste come from the dataset; retrieval, which follows it, changes nothing in the picture.
    if (!current.dataset && current.preparation.kind !== 'failed') return;
    const rounds = new RoundViews().changes(current, this.line, this.near).rounds;
    const head = headView(current, this.line, family, this.leftLines);
    writer.picture((pictures, language) => pictures.session({ head, rounds }, language));
  }

  private onChange(change: SessionChange): void {
    if (!this.page.listening) {
      this.introduce();
      return;
    }
    if (change === 'text') {
      this.writing ??= setTimeout(() => {
        this.writing = undefined;
        this.tellWriting();
      }, writingMs);
      return;
    }
    if (change === 'state') this.line = {};
    this.changedAt ??= performance.now();
    const before = this.busy;
    this.busy = this.current?.activity !== undefined;
    // Of a page that does not follow, what changes meanwhile is one picture more, however much it is.
    if (this.revision - this.settled >= mostUnderWay) return;
    if (before && !this.busy) this.tellSoon();
    else this.gathering ??= setTimeout(() => this.gathered(), this.busy ? gatherMs : idleMs);
  }

  private gathered(): void {
    this.gathering = undefined;
    const left = gatherMs - (performance.now() - (this.changedAt ?? 0));
    if (this.busy && left > 1) this.gathering = setTimeout(() => this.tellSoon(), left);
    else this.tellSoon();
  }

  /** Several changes of one moment become one picture. */
  private tellSoon(): void {
    clearTimeout(this.gathering);
    this.gathering = undefined;
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      this.tell();
    });
  }

  /** Sends what is so now and the page does not know. One that is not there yet is told when it comes. */
  private tell(): void {
    const { current } = this;
    if (!current || !this.page.listening) return;
    const { count, rounds } = this.views.changes(current, this.line, this.near);
    if (rounds.length > 0 || count !== this.roundsSent) this.page.update('rounds', { count, rounds });
    this.roundsSent = count;
    this.become({ kind: 'full', head: headView(current, this.line, this.family ?? [], this.leftLines) });
    this.tellWriting();
  }

  private tellWriting(): void {
    const text = this.current?.activity?.text ?? '';
    if (text !== this.written) this.page.update('writing', { text });
    this.written = text;
  }
  private written = '';
  private roundsSent = 0;

  /** The page has scrolled: what has come near is sent whole. */
  private onNear(near: readonly number[]): void {
    this.near = new Set(near);
    if (!this.current) return;
    const { count, rounds } = this.views.changes(this.current, this.line, this.near);
    if (count !== this.roundsSent)
      this.views.forget(); // a change that is about to be told
    else if (rounds.length > 0) this.page.update('near', { rounds });
  }

  private become(state: SessionPanelState): void {
    this.state = state;
    if (!this.page.listening) return;
    const revision = ++this.revision;
    if (state.kind === 'full') this.firstFull = Math.min(this.firstFull, revision);
    if (this.panel.visible)
      this.pictures.send(revision, performance.timeOrigin + (this.changedAt ?? performance.now()));
    this.changedAt = undefined;
    clearTimeout(this.drawing);
    this.drawing = setTimeout(() => this.goOn(this.revision), drawnAtLatestMs);
    this.page.update('state', { revision, state });
  }

  private tellReference(): void {
    if (!this.current) return;
    const { reference, revealed } = this.current;
    this.page.update('remember', { ...reference, revealed });
    this.workbench.sessionPanels.revealed(reference, revealed);
  }

  private async readFamily(): Promise<void> {
    const { current } = this;
    if (!current) return;
    const family = await this.workbench.sessions.family(current.reference).catch(() => []);
    if (current !== this.current) return;
    this.family = family;
    if (this.page.listening) this.tell();
    else this.introduce();
  }

  private connect(): HostEnd<SessionContract> {
    const { workbench, panel } = this;
    const on = (work: (session: OpenSession) => unknown) => (): void => {
      const session = this.current;
      if (!session) return;
      void (async () => {
        try {
          await work(session);
        } catch (error) {
          showFailure(error, workbench.log);
        }
      })();
    };
    const required = (): OpenSession => {
      if (this.current) return this.current;
      throw new ToolRecError('no-session', 'The session is not open yet.', 'Wait a moment and try again.');
    };
    return new HostEnd(sessionContract, (message) => void panel.webview.postMessage(message), {
      requests: {
        edit: async (edit) => {
          // What it runs goes on after the answer: the page shows it as it shows any round.
          const { session } = { session: required() };
          await session.edit(
            edit,
            (going) => void going.catch((error: unknown) => showFailure(error, workbench.log)),
          );
          return {};
        },
        trail: ({ item }) => Promise.resolve(trailOf(required(), this.line, item)),
        history: () => Promise.resolve({ cards: historyCards(required(), Number.MAX_SAFE_INTEGER) }),
        prompt: () => readPrompt(required()),
        editDemonstration: async ({ index, demonstration }) => {
          await (await this.examplesOf(required())).edit(index, demonstration);
          return {};
        },
        savePrompt: async ({ text }) => {
          const session = required();
          await savePrompt(session, text);
          await workbench.sessions.refresh();
          return readPrompt(session);
        },
      },
      intents: {
        step: on((session) => session.step()),
        run: on((session) => session.run()),
        stop: on((session) => session.stop()),
        back: on((session) => session.back()),
        restart: on((session) => session.restart()),
        replay: on((session) => session.replay()),
        reveal: ({ on: revealed }) => {
          if (!this.current) return;
          this.current.revealed = revealed;
          this.tellReference();
        },
        fork: ({ round }) => on((session) => this.fork(session, round))(),
        rerun: ({ round }) => on((session) => session.rerun(round))(),
        show: ({ key }) => on((session) => this.showBranch(session, key))(),
        showOlder: () => {
          this.leftLines += 5 * shownLeft;
          this.tell();
        },
        openCall: ({ round, call, what }) =>
          on((session) => openCall(session, this.line, round, call, what))(),
        openPrompt: on((session) => openPromptFile(session)),
        watchDemonstrations: ({ on: watching }) =>
          on(async (session) => {
            if (watching) await (await this.examplesOf(session)).show();
            else this.forgetExamples();
          })(),
        changeDemonstrations: (change) =>
          on(async (session) => (await this.examplesOf(session)).change(change))(),
        addToDemonstrations: on(async (session) => (await this.examplesOf(session)).add()),
        showDemonstrations: ({ line }) =>
          on(async (session) => (await this.examplesOf(session)).openText(line))(),
        breakpoints: on((session) => chooseBreakpoints(session)),
        breakAfter: ({ round }) => on((session) => toggleAfter(session, round))(),
        chooseModel: () => void vscode.commands.executeCommand(commands.selectLanguageModel),
        chooseRetrieval: on((session) => chooseRetrieval(session, workbench)),
        tryAgain: () => {
          if (this.current) void this.current.prepare();
          else this.reopen();
        },
        dismiss: on((session) => session.dismissProblem()),
        newSession: () => void vscode.commands.executeCommand(commands.startSession),
        more: on((session) => workbench.sessionPanels.showMore(session)),
        showLog: () => workbench.log.show(),
        near: ({ rounds }) => this.onNear(rounds),
        focused: ({ round }) => {
          this.atRound = round;
        },
        drawn: (picture) => this.onDrawn(picture),
      },
      onReady: () => {
        this.page.update('language', { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
        this.tellReference();
        this.views.forget();
        this.roundsSent = 0;
        this.written = '';
        if (this.current) this.tell();
        else this.become(this.state);
      },
      onViolation: (error) => showFailure(error, workbench.log),
    });
  }

  async fork(session: OpenSession, round: number): Promise<void> {
    const fork = await this.workbench.sessions.fork(session, { round, ...this.line });
    this.show(fork);
  }

  /** The demonstrations of the session that is shown, watched from now on. */
  private examplesOf(session: OpenSession): Promise<SessionDemonstrations> {
    const { workbench, page } = this;
    this.examples ??= workbench.prompts
      .load()
      .then(async (features) => {
        const { SessionDemonstrations } = await import('./session-demonstrations.ts');
        return new SessionDemonstrations(
          session,
          features,
          (shown) => page.update('demonstrations', shown),
          (error) => showFailure(error, workbench.log),
        );
      })
      .catch((error: unknown) => {
        this.examples = undefined; // it can be tried again
        throw error;
      });
    return this.examples;
  }

  private forgetExamples(): void {
    void this.examples?.then((examples) => examples.dispose()).catch(() => undefined);
    this.examples = undefined;
  }

  private async showBranch(session: OpenSession, key: string): Promise<void> {
    const [kind, name = ''] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
    if (kind === 'session') {
      await this.switchTo({ folder: session.reference.folder, id: name });
      return;
    }
    const undone = Number(name);
    this.line = kind === 'left' && session.state.undone[undone] ? { undone } : {};
    this.tell();
  }

  /** The page has drawn all up to a revision, or does not draw. */
  private goOn(settled: number): void {
    this.answer();
    this.settled = Math.max(this.settled, settled);
    if (this.settled === this.revision) {
      clearTimeout(this.drawing);
      this.drawing = undefined;
    }
    if (this.changedAt !== undefined) this.tellSoon();
  }

  private onDrawn(picture: DrawnPicture): void {
    this.goOn(picture.revision);
    if (!this.panel.visible) {
      this.pictures.forget();
      return;
    }
    const news = this.pictures.hear(picture);
    if (!news || this.firstShown !== undefined || picture.revision < this.firstFull) return;
    this.firstShown = picture.drawn - performance.timeOrigin - this.asked;
    this.workbench.log.debug(`Session panel shown in ${this.firstShown.toFixed(0)} ms.`);
  }

  private end(): void {
    this.disposed = true;
    this.opening?.abort();
    clearImmediate(this.scheduled);
    clearTimeout(this.gathering);
    clearTimeout(this.writing);
    clearTimeout(this.drawing);
    this.writer.dispose();
    this.listener?.dispose();
    this.forgetExamples();
    this.list.dispose();
    const { current } = this;
    this.current = undefined;
    if (current && !this.workbench.sessionPanels.shows(current)) void this.workbench.sessions.close(current);
  }

  dispose(): void {
    this.panel.dispose();
  }
}

function toggleAfter(session: OpenSession, round: number): void {
  const others = session.breakpoints.filter((point) => !(point.on === 'round' && point.round === round));
  session.breakpoints =
    others.length === session.breakpoints.length ? [...others, { on: 'round', round }] : others;
}

/** What a tab says: whose session on what. */
export function titleOf({ state }: OpenSession): string {
  const { subject, dataset } = state.started;
  return subject.user
    ? vscode.l10n.t('User {0} · {1}', subject.user.id, dataset.name)
    : vscode.l10n.t('Own history · {0}', dataset.name);
}
