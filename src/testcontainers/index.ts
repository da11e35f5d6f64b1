/**
 * testcontainers: a sandbox in a container of its own.
 *
 * @module
 */
export { SandboxContainerError } from './explain.ts';
export { SendEmAllContainer, type ForwardOptions } from './send-em-all-container.ts';
export { StartedSendEmAllContainer } from './started-send-em-all-container.ts';
