import type { EngineConnection } from '../../service/protocol.ts';
import type { Engine } from '../engine.ts';
import type { LanguageModels } from '../language-models.ts';
import { SessionRuntime } from './runtime.ts';
import { SessionWorlds } from './worlds.ts';

/** What the workbench's sessions work with: its engine, and the language model that is chosen. */
export function openSessionRuntime(engine: Engine, models: LanguageModels): SessionRuntime {
  // The engine's client may be another after a restart: each request asks for the one of now.
  const connection: Pick<EngineConnection, 'request'> = {
    request: (definition, params, work) => engine.request(definition, params, work),
  };
  return new SessionRuntime(
    new SessionWorlds(connection, async () => {
      const choice = await models.current();
      const model = await models.chatModelFor(choice);
      return model && choice.kind !== 'offline' ? { model, protocol: choice.protocol } : undefined;
    }),
  );
}
