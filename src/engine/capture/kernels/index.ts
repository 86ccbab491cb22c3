/** Importing this registers every kernel of the capture backend. */
import './elementwise.ts';
import './gather.ts';
import './matmul.ts';
import './reduction.ts';
import './shape.ts';
