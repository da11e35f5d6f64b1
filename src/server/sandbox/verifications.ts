/**
 * `/_sandbox/verifications`: run the conformance suite against a receiver, follow it, read its report.
 *
 * @module
 */
import { Hono } from 'hono';
import {
  ReportQuery,
  StartVerificationRequest,
  type ReportFormat,
} from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parseDuration } from '../../domain/time.ts';
import { parse } from '../../domain/validate.ts';
import { isWebhookUrl } from '../../domain/webhook-rules.ts';
import { probeReceiver } from '../../engine/delivery/probe.ts';
import { guardedLookup } from '../../engine/delivery/target-guard.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import { readJson } from '../body.ts';
import type { Ctx, Env, ServerOptions } from '../context.ts';
import { success, successPage } from '../envelope.ts';
import { readQuery } from '../query.ts';
import type { VerificationPlan } from '../verifications/port.ts';
import type { VerificationRegistry } from '../verifications/registry.ts';

/** Time to find out that a target is not allowed. Real milliseconds. */
const PROBE_MS = 2000;
const MIN_BUDGET_MS = 1000;
const MAX_BUDGET_MS = 3_600_000;

const MEDIA_TYPES: Readonly<Record<ReportFormat, string>> = {
  json: 'application/json',
  html: 'text/html; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  junit: 'application/xml',
  sarif: 'application/json',
  ctrf: 'application/json',
  pretty: 'text/plain; charset=utf-8',
};

/** The receiver of a request. */
interface Receiver {
  readonly url: string;
  readonly secret: string;
  readonly webhookId: string | null;
}

const receiverOf = async (
  account: AccountEngine,
  { webhook_id: webhookId, url, secret }: StartVerificationRequest,
): Promise<Receiver> => {
  if (webhookId !== undefined) {
    if (url !== undefined || secret !== undefined) {
      throw validationFailed(
        '"webhook_id" is given together with "url" or "secret". Pass the webhook, or both of the others.',
      );
    }
    const webhook = await account.webhook(webhookId);
    return { url: webhook.url, secret: webhook.secret, webhookId };
  }
  if (url === undefined || secret === undefined) {
    throw validationFailed(
      `"${url === undefined ? 'url' : 'secret'}" is missing. Pass "webhook_id", or "url" and "secret".`,
    );
  }
  // The schema's pattern cannot express everything that a URL parser refuses.
  if (!isWebhookUrl(url)) {
    throw validationFailed(
      `"url" is ${JSON.stringify(url)}, which is not a URL. Pass the receiver's http or https URL.`,
    );
  }
  return { url, secret, webhookId: null };
};

const budgetOf = (time: StartVerificationRequest['time']): number | undefined => {
  if (time === undefined) return undefined;
  const budgetMs = typeof time === 'number' ? time : parseDuration(time);
  if (budgetMs !== null && budgetMs >= MIN_BUDGET_MS && budgetMs <= MAX_BUDGET_MS) return budgetMs;
  throw validationFailed(
    `"time" is ${JSON.stringify(time)}. Pass a duration from 1s to 1h, such as 90s or 5m.`,
  );
};

const withoutCredentials = (url: string): string => {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
};

export const verificationRoutes = (
  { verifier, allowPublicTargets, remedies }: ServerOptions,
  registry: VerificationRegistry,
): Hono<Env> => {
  /** @throws {Problem} if deliveries may not reach the URL either */
  const checkTarget = async (url: string): Promise<void> => {
    if ((await probeReceiver(url, allowPublicTargets, PROBE_MS)) !== 'blocked') return;
    throw validationFailed(
      `${JSON.stringify(withoutCredentials(url))} is not an address that this sandbox sends to. Use a loopback or private address; to verify a public receiver, ${remedies.allow_public_targets}.`,
    );
  };

  const planOf = (
    c: Ctx,
    { url, secret }: Receiver,
    request: StartVerificationRequest,
  ): VerificationPlan => {
    const { only, skip, events, seed, thorough, effects_sink: sink } = request;
    const apiKey = c.req.header('x-user-context')?.trim() ?? '';
    return {
      url,
      secret,
      only,
      skip,
      events,
      seed,
      thorough,
      effectsSink: sink === undefined ? undefined : { apiKey, name: sink },
      leadEmail: request.lead_email,
      failOn: request.fail_on,
      budgetMs: budgetOf(request.time),
      docsUrl: `${new URL(c.req.url).origin}/docs`,
      lookup: guardedLookup(allowPublicTargets),
    };
  };

  return new Hono<Env>()
    .get('/', (c) =>
      successPage(
        c,
        registry.list(c.get('account')).map((run) => run.view()),
        null,
      ),
    )
    .post('/', async (c) => {
      const account = c.get('account');
      const request = parse(StartVerificationRequest, await readJson(c));
      const receiver = await receiverOf(account, request);
      const plan = planOf(c, receiver, request);
      await checkTarget(receiver.url);
      const { webhookId } = receiver;
      const subject = { url: withoutCredentials(receiver.url), webhookId };
      const run = await registry.start(account, subject, () => verifier.prepare(plan));
      return success(c, run.view(), 202);
    })
    .get('/:verification_id', (c) =>
      success(c, registry.get(c.get('account'), c.req.param('verification_id')).view()),
    )
    .delete('/:verification_id', async (c) => {
      const run = registry.get(c.get('account'), c.req.param('verification_id'));
      run.stop();
      await run.ended;
      return success(c, run.view());
    })
    .get('/:verification_id/report', (c) => {
      const { format = 'json' } = readQuery(c, ReportQuery, []);
      const run = registry.get(c.get('account'), c.req.param('verification_id'));
      const report = run.report(format);
      // An HTML report is opened from a file. Here it must not act with the sandbox's origin.
      if (format === 'html') c.header('content-security-policy', 'sandbox');
      return c.body(report, 200, { 'content-type': MEDIA_TYPES[format] });
    });
};
