/**
 * The sandbox in a process of its own, for the request figures.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';

const mock = await createMock();
process.send?.(mock.url);
