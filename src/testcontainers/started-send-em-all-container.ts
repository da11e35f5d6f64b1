/**
 * A sandbox that runs in a container.
 *
 * @module
 */
import { AbstractStartedContainer, type StartedTestContainer } from 'testcontainers';
import { createClient, type Client } from '../client/create-client.ts';

/** Where a sandbox listens in its container. */
export const SANDBOX_PORT = 7363;

/** A name that the container has for the machine that it runs on. */
export const RECEIVER_HOST = 'host.docker.internal';

export class StartedSendEmAllContainer extends AbstractStartedContainer {
  readonly #apiKey: string;

  constructor(container: StartedTestContainer, apiKey: string) {
    super(container);
    this.#apiKey = apiKey;
  }

  /** As this process reaches it, e.g. `http://localhost:32768`. */
  getBaseUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(SANDBOX_PORT)}`;
  }

  /**
   * A client of one account. Every key is an account of its own, so tests that run at once take one each.
   *
   * @param apiKey default: the first one of `withApiKey`, else the provider's `your-api-key`
   */
  getClient(apiKey: string = this.#apiKey): Client {
    return createClient({ baseUrl: this.getBaseUrl(), apiKey });
  }

  /**
   * The host in the URL of a receiver that runs on this machine, outside of any container. On Linux the receiver must
   * listen on all addresses (0.0.0.0): the container does not come in by loopback.
   */
  getReceiverHost(): string {
    return RECEIVER_HOST;
  }
}
