/** The types of webhook-inbox.mjs. */

/** Larger bodies are refused with 413. */
export declare const MAX_BYTES: number;

/** Whether the test hook is open: never in production. */
export declare const hasTestHooks: boolean;

/** What is known of every event; `data` depends on its type. */
export interface WebhookEvent {
  readonly event: string;
  readonly id: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export interface Inbox {
  /**
   * Takes one request.
   *
   * @param body the raw bytes
   * @param signature the header X-SendEmAll-Signature
   * @returns the status to respond with
   */
  accept(body: Buffer, signature: string | undefined): number;
  /** For tests: how often this event's work was done. */
  effects(id: string): number;
}

/** Opens the inbox. @param handleEvent your work, run once for each event; let it throw when it fails */
export declare function openInbox(handleEvent: (event: WebhookEvent) => unknown): Inbox;
