/**
 * testcontainers module for the sandbox image.
 *
 * @module
 */
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { DEFAULT_API_KEY, DEFAULT_PORT } from '../domain/defaults.ts';
import { exited, explain, noEngine } from './explain.ts';
import { RECEIVER_HOST, StartedSendEmAllContainer } from './started-send-em-all-container.ts';

/** Interval and timeout of readiness probes, in real milliseconds. */
const PROBE_MS = 200;
/** The image's volume. */
const STATE_FOLDER = '/data';

export interface ForwardOptions {
  /** The receiver's signing secret, 8 to 256 characters. Default: generated and logged by the sandbox. */
  readonly secret?: string;
}

/** Replace loopback hosts: in a test, `localhost` means the machine that runs it, not the container. */
const fromInside = (url: string): string =>
  url.replace(
    /^(https?:\/\/)(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/?#]|$)/i,
    `$1${RECEIVER_HOST}`,
  );

/**
 * A container that runs the sandbox.
 *
 * @example
 * ```ts
 * await using sandbox = await new SendEmAllContainer('sendemall-mock').withClock('skip').start();
 * const client = sandbox.getClient('this-test');
 * const url = `http://${sandbox.getReceiverHost()}:3000/webhooks/sendemall`;
 * await client.webhooks.create({ url, events: ['*'], secret: 'whsec_your-signing-secret' });
 * ```
 */
export class SendEmAllContainer extends GenericContainer {
  readonly #apiKeys: string[] = [];
  #id: string | null = null;

  /** @param image built with `npm run image`: `sendemall-mock`, or its name in your registry */
  constructor(image: string) {
    super(image);
    this.withExposedPorts(DEFAULT_PORT)
      // Docker Desktop defines this name; other engines need it added.
      .withExtraHosts([{ host: RECEIVER_HOST, ipAddress: 'host-gateway' }])
      .withWaitStrategy(
        Wait.forHttp('/readyz', DEFAULT_PORT, { abortOnContainerExit: true }).withReadTimeout(
          PROBE_MS,
        ),
      );
  }

  /** Seed for generated data, 0 to 4294967295: the same seed and calls produce the same data. */
  withSeed(seed: number): this {
    return this.withEnvironment({ SENDEMALL_MOCK_SEED: String(seed) });
  }

  /** Clock mode of new accounts: `realtime`, `skip`, `frozen`, or a rate such as `60x`. */
  withClock(mode: string): this {
    return this.withEnvironment({ SENDEMALL_MOCK_CLOCK: mode });
  }

  /** Accept only this API key, and further ones added by repeated calls. `getClient()` uses the first. */
  withApiKey(apiKey: string): this {
    this.#apiKeys.push(apiKey);
    return this.withEnvironment({ SENDEMALL_MOCK_API_KEY: this.#apiKeys.join(',') });
  }

  /**
   * Register a receiver for all events of the first account.
   *
   * @param url `localhost` in it means the machine that runs the tests
   */
  withForwardTo(url: string, { secret }: ForwardOptions = {}): this {
    return this.withEnvironment({
      SENDEMALL_MOCK_FORWARD_TO: fromInside(url),
      ...(secret === undefined ? {} : { SENDEMALL_MOCK_SECRET: secret }),
    });
  }

  /**
   * Keep state in a SQLite file, so that it survives `restart()`.
   *
   * @param source volume name or host directory, if state must outlive the container; writable for user 1000
   * @param file name of the SQLite file. Default `sandbox.db`
   */
  withDatabase(source?: string, file = 'sandbox.db'): this {
    if (source !== undefined) {
      const mount = `${source}:${STATE_FOLDER}:rw`;
      this.hostConfig.Binds = [...(this.hostConfig.Binds ?? []), mount];
    }
    return this.withEnvironment({ SENDEMALL_MOCK_DB: `${STATE_FOLDER}/${file}` });
  }

  /** @throws {SandboxContainerError} if it cannot be started, with the remedy */
  override async start(): Promise<StartedSendEmAllContainer> {
    const engine = await getContainerRuntimeClient().catch((error: unknown) => {
      throw noEngine(error);
    });
    // The engine may run on another machine, and the sandbox rejects unknown host names.
    const names = [
      this.environment['SENDEMALL_MOCK_ALLOWED_HOST'],
      engine.info.containerRuntime.host,
    ];
    this.withEnvironment({ SENDEMALL_MOCK_ALLOWED_HOST: names.filter(Boolean).join(',') });
    try {
      const started = await super.start();
      return new StartedSendEmAllContainer(started, this.#apiKeys[0] ?? DEFAULT_API_KEY);
    } catch (error) {
      const output = await this.#removeExited();
      if (output !== null) throw exited(output, error);
      const hasImage = await engine.image.exists(this.imageName).catch(() => false);
      throw explain(this.imageName.string, hasImage, error);
    }
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
  }

  /** Remove a container that failed to start. @returns its output if it has exited, else null */
  async #removeExited(): Promise<string | null> {
    if (this.#id === null) return null;
    try {
      const { container: containers } = await getContainerRuntimeClient();
      const container = containers.getById(this.#id);
      const { Status } = (await container.inspect()).State;
      const lines: string[] = [];
      for await (const chunk of await containers.logs(container, { tail: 20 })) {
        lines.push(String(chunk));
      }
      await container.remove({ force: true, v: true });
      return Status === 'exited' ? lines.join('') : null;
    } catch {
      // Already removed: the caller reports the original error.
      return null;
    }
  }
}
