/**
 * Builds the inspector on a thread of its own, which loads the bundler anew each time: Node does not load a package again
 * in a thread where it failed once, e.g. for want of file descriptors.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { buildInspector } from './inspector.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await buildInspector());
