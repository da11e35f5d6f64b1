/**
 * The sandbox in a process of its own, for the request figures.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';

const mock = await createMock({ rateLimit: false });
process.send?.(mock.url);
