/**
 * The smallest Nest application that runs the template. A project made by `nest new` has all of this.
 *
 * @module
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SendemallModule } from './sendemall/sendemall.module.js';

@Module({ imports: [SendemallModule] })
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  rawBody: true,
  logger: ['error', 'warn'],
});
app.useBodyParser('json', { limit: '1mb' });
await app.listen(Number(process.env['PORT']), '127.0.0.1');
