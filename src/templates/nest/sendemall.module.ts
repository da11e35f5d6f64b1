/**
 * SendEmAll's webhooks. Import it in AppModule, and let Nest keep the raw bytes:
 *
 * ```ts
 * const app = await NestFactory.create<NestExpressApplication>(AppModule, { rawBody: true });
 * app.useBodyParser('json', { limit: '1mb' });
 * ```
 *
 * @module
 */
import { Module } from '@nestjs/common';
import { SendemallController } from './sendemall.controller.js';
import { SendemallService } from './sendemall.service.js';

@Module({ controllers: [SendemallController], providers: [SendemallService] })
export class SendemallModule {}
