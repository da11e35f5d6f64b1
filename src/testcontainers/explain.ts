/**
 * Explanations of container start failures, with a remedy.
 *
 * @module
 */

/** The sandbox container could not be started. The message gives the cause and the remedy. */
export class SandboxContainerError extends Error {
  override readonly name = 'SandboxContainerError';
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const noEngine = (cause: unknown): SandboxContainerError =>
  new SandboxContainerError(
    `No Docker engine found (${messageOf(cause)}). Start one, or set DOCKER_HOST. Without Docker, run the sandbox in this process with createMock().`,
    { cause },
  );

/** @param printed output of the sandbox before it exited */
export const exited = (printed: string, cause: unknown): SandboxContainerError =>
  new SandboxContainerError(
    `The sandbox exited before it was ready. Output: ${printed.trim() || '(none)'}`,
    { cause },
  );

/** testcontainers has removed the container by then; its message holds the output. */
const EXITED = /^Container exited during HTTP healthCheck, last \d+ logs: ([^]*)$/;
const MISSING_IMAGE =
  /no such image|does not exist locally|pull access denied|manifest unknown|not found|no such host|failed to pull/i;
const PORT_IN_USE = /port is already allocated|address already in use/i;

/**
 * Translate an engine's error. Unknown errors are returned unchanged.
 *
 * @param hasImage true if the engine has the image, so that a missing image is testcontainers' own
 */
export const explain = (image: string, hasImage: boolean, cause: unknown): unknown => {
  const message = messageOf(cause);
  const printed = EXITED.exec(message)?.[1];
  if (printed !== undefined) return exited(printed, cause);
  if (PORT_IN_USE.test(message)) {
    return new SandboxContainerError(
      `The host port for the container is in use. Stop the process that uses it, or remove withExposedPorts() to map a free port, which getBaseUrl() returns. (${message})`,
      { cause },
    );
  }
  if (MISSING_IMAGE.test(message) && hasImage) {
    return new SandboxContainerError(
      `testcontainers cannot pull the image of Ryuk, its cleanup container. Give the engine access to a registry, or set TESTCONTAINERS_RYUK_DISABLED=true and stop containers yourself. (${message})`,
      { cause },
    );
  }
  if (MISSING_IMAGE.test(message)) {
    return new SandboxContainerError(
      `Image ${image} not found on this machine or in a registry. Build it with \`npm run image\` in a checkout of sendemall-mock, or pass its name to new SendEmAllContainer(image). (${message})`,
      { cause },
    );
  }
  return cause;
};
