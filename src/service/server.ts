import { createRegistry } from './handlers/index.ts';
import { serve } from './serve.ts';

/** Entry of the engine process (dist/engine.mjs). */
serve(createRegistry());
