/**
 * Public entry `sendemall-mock/testcontainers`: a sandbox in its own container.
 *
 * @module
 */
export { SandboxContainerError } from './explain.ts';
export { SendEmAllContainer, type ForwardOptions } from './send-em-all-container.ts';
export { StartedSendEmAllContainer } from './started-send-em-all-container.ts';
