import { FittedModels } from '../fitted-models.ts';
import { LazyModels } from '../lazy-models.ts';
import { HandlerRegistry } from '../registry.ts';
import { registerDatasetHandlers } from './dataset.ts';
import { registerDoctorHandlers } from './doctor.ts';
import { registerEngineHandlers } from './engine.ts';
import { registerModelHandlers } from './model.ts';
import { registerRecommendHandlers } from './recommend.ts';

/** Every request this build answers. A topic adds one line here. */
export function createRegistry(): HandlerRegistry {
  const registry = new HandlerRegistry();
  registerEngineHandlers(registry);
  registerDoctorHandlers(registry);
  registerDatasetHandlers(registry);
  const models = new LazyModels(); // shared by the topics
  registry.disposables.add(models);
  const fitted = new FittedModels(models);
  registerRecommendHandlers(registry, fitted);
  registerModelHandlers(registry, models, fitted);
  return registry;
}
