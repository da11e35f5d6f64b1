/**
 * The sandbox's image, as modules of testcontainers have theirs.
 *
 * @module
 */
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { ended, explain, noEngine } from './explain.ts';
import {
  RECEIVER_HOST,
  SANDBOX_PORT,
  StartedSendEmAllContainer,
} from './started-send-em-all-container.ts';

/** The key of the provider's own examples, for those who name none. */
const DEFAULT_API_KEY = 'your-api-key';
/** It is asked so often whether it is ready, and has so long to answer. Real milliseconds. */
const LOOK_MS = 200;
/** The image's volume. */
const STATE_FOLDER = '/data';

export interface ForwardOptions {
  /** The receiver's signing secret, 8 to 256 characters. Left out, the sandbox makes one and logs it. */
  readonly secret?: string;
}

/** Whoever says localhost means the machine that the tests run on, not the container. */
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

  /** @param image built with `npm run image`, e.g. `sendemall-mock` or one in your own registry */
  constructor(image: string) {
    super(image);
    this.withExposedPorts(SANDBOX_PORT)
      // Docker's own name of the host, which only its desktop editions give without being asked.
      .withExtraHosts([{ host: RECEIVER_HOST, ipAddress: 'host-gateway' }])
      .withWaitStrategy(
        Wait.forHttp('/readyz', SANDBOX_PORT, { abortOnContainerExit: true }).withReadTimeout(
          LOOK_MS,
        ),
      );
  }

  /** The same seed and the same calls give the same data. 0 to 4294967295. */
  withSeed(seed: number): this {
    return this.withEnvironment({ SENDEMALL_MOCK_SEED: String(seed) });
  }

  /** The clock of new accounts: `realtime`, `skip`, `frozen`, or a rate such as `60x`. */
  withClock(mode: string): this {
    return this.withEnvironment({ SENDEMALL_MOCK_CLOCK: mode });
  }

  /** Only this key, and others given in the same way, are accounts. The first is `getClient()`'s. */
  withApiKey(apiKey: string): this {
    this.#apiKeys.push(apiKey);
    return this.withEnvironment({ SENDEMALL_MOCK_API_KEY: this.#apiKeys.join(',') });
  }

  /**
   * Registers a receiver for all events of the first account.
   *
   * @param url `localhost` in it is the machine that the tests run on
   */
  withForwardTo(url: string, { secret }: ForwardOptions = {}): this {
    return this.withEnvironment({
      SENDEMALL_MOCK_FORWARD_TO: fromInside(url),
      ...(secret === undefined ? {} : { SENDEMALL_MOCK_SECRET: secret }),
    });
  }

  /**
   * Keeps state in a file, so that it survives `restart()`.
   *
   * @param source a volume's name or a folder of the host, to outlive the container; it must be writable for user 1000
   * @param file name of the SQLite file in it
   */
  withDatabase(source?: string, file = 'sandbox.db'): this {
    if (source !== undefined) {
      const mount = `${source}:${STATE_FOLDER}:rw`;
      this.hostConfig.Binds = [...(this.hostConfig.Binds ?? []), mount];
    }
    return this.withEnvironment({ SENDEMALL_MOCK_DB: `${STATE_FOLDER}/${file}` });
  }

  /** @throws {SandboxContainerError} with what to do, when it cannot be started */
  override async start(): Promise<StartedSendEmAllContainer> {
    const engine = await getContainerRuntimeClient().catch((error: unknown) => {
      throw noEngine(error);
    });
    // The engine may be another machine, and the sandbox answers only under names that it knows.
    const names = [
      this.environment['SENDEMALL_MOCK_ALLOWED_HOST'],
      engine.info.containerRuntime.host,
    ];
    this.withEnvironment({ SENDEMALL_MOCK_ALLOWED_HOST: names.filter(Boolean).join(',') });
    try {
      const started = await super.start();
      return new StartedSendEmAllContainer(started, this.#apiKeys[0] ?? DEFAULT_API_KEY);
    } catch (error) {
      const end = await this.#lastWords();
      if (end !== null) throw ended(end, error);
      const hasImage = await engine.image.exists(this.imageName).catch(() => false);
      throw explain(this.imageName.string, hasImage, error);
    }
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
  }

  /** What the container printed before it ended, if it did; lets it go, as nobody else would. */
  async #lastWords(): Promise<string | null> {
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
      // It is gone already; what is known is thrown.
      return null;
    }
  }
}
