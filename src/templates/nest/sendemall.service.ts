/**
 * The work that SendEmAll's events ask for, and the inbox that hands them over. Setting: SENDEMALL_SECRET.
 *
 * @module
 */
import { Injectable, Logger } from '@nestjs/common';
import { openInbox, type WebhookEvent } from '../../webhook-inbox.mjs';

@Injectable()
export class SendemallService {
  private readonly logger = new Logger(SendemallService.name);
  private readonly inbox = openInbox((event) => this.handleEvent(event));

  /** Takes one request. @returns the status to respond with */
  accept(body: Buffer, signature: string | undefined): number {
    return this.inbox.accept(body, signature);
  }

  /** For tests: how often this event's work was done. */
  effects(id: string): number {
    return this.inbox.effects(id);
  }

  /** Your work; let it throw when it fails. */
  private async handleEvent(event: WebhookEvent): Promise<void> {
    this.logger.log(`${event.event} ${String(event.data?.['lead_email'] ?? '')}`);
  }
}
