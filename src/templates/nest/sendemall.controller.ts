/**
 * Receives SendEmAll's webhooks.
 *
 * @module
 */
import {
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpException,
  NotFoundException,
  Param,
  Post,
  Req,
  type RawBodyRequest,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { hasTestHooks } from '../../webhook-inbox.mjs';
import { SendemallService } from './sendemall.service.js';

@Controller()
export class SendemallController {
  constructor(private readonly webhooks: SendemallService) {}

  @Post('webhooks/sendemall')
  @HttpCode(200)
  receive(
    // The raw bytes, which Nest keeps with `rawBody: true`: a parsed body cannot be verified.
    @Req() request: RawBodyRequest<IncomingMessage>,
    @Headers('X-SendEmAll-Signature') signature: string | undefined,
  ): void {
    const status = this.webhooks.accept(request.rawBody ?? Buffer.alloc(0), signature);
    if (status !== 200) throw new HttpException('The event was refused', status);
  }

  /** A hook for tests: how often an event's work was done. Open only with SENDEMALL_TEST_HOOKS=1. */
  @Get('test/effects/:id')
  effects(@Param('id') id: string): { count: number } {
    if (!hasTestHooks) throw new NotFoundException();
    return { count: this.webhooks.effects(id) };
  }
}
