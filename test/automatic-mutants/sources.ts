/**
 * The receivers that are mutated.
 *
 * @module
 */
import { javascriptMutants } from './javascript.ts';
import type { MutantSource } from './mutant.ts';
import { pythonMutants } from './python.ts';

export const SOURCES: readonly MutantSource[] = [
  javascriptMutants('node-http', 'node-http.ts', true),
  javascriptMutants('express', 'express.ts', false),
  pythonMutants('python', 'http_server.py'),
];
