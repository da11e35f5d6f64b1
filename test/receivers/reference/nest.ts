/**
 * NestJS: parses before it verifies, 201 with JSON, 403 for forgeries. Its decorators are called as functions, because
 * Node runs only TypeScript that can be erased.
 *
 * @module
 */
import 'reflect-metadata';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import {
  Controller,
  ForbiddenException,
  Module,
  Post,
  Req,
  type RawBodyRequest,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

export const build: Build = async (secret, store) => {
  class WebhookController {
    async receive(request: RawBodyRequest<Request>): Promise<{ received: true }> {
      const body = request.rawBody ?? Buffer.alloc(0);
      const hmac = createHmac('sha256', secret).update(body).digest('hex');
      const expected = Buffer.from(`sha256=${hmac}`);
      const given = Buffer.from(request.get('x-sendemall-signature') ?? '');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new ForbiddenException('Invalid signature');
      }
      await store.process(request.body as Event);
      return { received: true };
    }
  }
  const receive = Object.getOwnPropertyDescriptor(WebhookController.prototype, 'receive')!;
  Controller()(WebhookController);
  Post(PATH)(WebhookController.prototype, 'receive', receive);
  Req()(WebhookController.prototype, 'receive', 0);

  // oxlint-disable-next-line typescript/no-extraneous-class
  class AppModule {}
  Module({ controllers: [WebhookController] })(AppModule);

  const options = { rawBody: true, logger: false } as const;
  const app = await NestFactory.create<NestExpressApplication>(AppModule, options);
  app.useBodyParser('json', { limit: '2mb' });
  await app.init();
  return app.getHttpAdapter().getInstance() as RequestListener;
};
