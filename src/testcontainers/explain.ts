/**
 * Why a container does not start, in words that say what to do.
 *
 * @module
 */

/** The sandbox's container cannot be started; the message says why and what to do. */
export class SandboxContainerError extends Error {
  override readonly name = 'SandboxContainerError';
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const noEngine = (cause: unknown): SandboxContainerError =>
  new SandboxContainerError(
    `No Docker engine answers (${messageOf(cause)}). Start one, or say where it is with DOCKER_HOST; without any, createMock() runs the sandbox in this process.`,
    { cause },
  );

/** @param printed what the sandbox printed before it ended */
export const ended = (printed: string, cause: unknown): SandboxContainerError =>
  new SandboxContainerError(
    `The sandbox ended before it was ready. It printed: ${printed.trim() || 'nothing'}`,
    { cause },
  );

/** testcontainers has removed the container by then, and passes on what it printed. */
const ENDED = /^Container exited during HTTP healthCheck, last \d+ logs: ([^]*)$/;
const MISSING_IMAGE =
  /no such image|does not exist locally|pull access denied|manifest unknown|not found|no such host|failed to pull/i;
const TAKEN_PORT = /port is already allocated|address already in use/i;

/**
 * Puts what an engine says into our words; what is not known is passed on as it is.
 *
 * @param hasImage whether the engine has the image: if so, another one is missing
 */
export const explain = (image: string, hasImage: boolean, cause: unknown): unknown => {
  const said = messageOf(cause);
  const printed = ENDED.exec(said)?.[1];
  if (printed !== undefined) return ended(printed, cause);
  if (TAKEN_PORT.test(said)) {
    return new SandboxContainerError(
      `The port on the host that the container was to have is taken. Stop what uses it, or leave withExposedPorts out: then any free one is taken, and getBaseUrl() knows it. (${said})`,
      { cause },
    );
  }
  if (MISSING_IMAGE.test(said) && hasImage) {
    return new SandboxContainerError(
      `testcontainers cannot get the image of its own helper, which cleans up. Let the engine reach a registry, or set TESTCONTAINERS_RYUK_DISABLED=true and stop what you start. (${said})`,
      { cause },
    );
  }
  if (MISSING_IMAGE.test(said)) {
    return new SandboxContainerError(
      `There is no image ${image}, neither on this machine nor in a registry. Build it with \`npm run image\` in a checkout of sendemall-mock, or give the name that it has to new SendEmAllContainer(image). (${said})`,
      { cause },
    );
  }
  return cause;
};
