/**
 * Handle to a running sandbox container.
 *
 * @module
 */
import { AbstractStartedContainer, type StartedTestContainer } from 'testcontainers';
import { createClient, type Client } from '../client/create-client.ts';
import { DEFAULT_PORT } from '../domain/defaults.ts';

/** The host machine's name inside the container. */
export const RECEIVER_HOST = 'host.docker.internal';

export class StartedSendEmAllContainer extends AbstractStartedContainer {
  readonly #apiKey: string;

  constructor(container: StartedTestContainer, apiKey: string) {
    super(container);
    this.#apiKey = apiKey;
  }

  /** URL of the sandbox for this process, such as `http://localhost:32768`. */
  getBaseUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(DEFAULT_PORT)}`;
  }

  /**
   * Create a client for one account. Each API key is a separate account: give every parallel test its own.
   *
   * @param apiKey default: the first key of `withApiKey`, else `your-api-key`
   */
  getClient(apiKey: string = this.#apiKey): Client {
    return createClient({ baseUrl: this.getBaseUrl(), apiKey });
  }

  /**
   * Host name for the URL of a receiver that runs on this machine, outside any container. On Linux the receiver must
   * listen on all interfaces (0.0.0.0): the container does not connect through loopback.
   */
  getReceiverHost(): string {
    return RECEIVER_HOST;
  }
}
