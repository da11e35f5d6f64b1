/**
 * Client for verifications: runs of the conformance suite inside the sandbox.
 *
 * @module
 */
import type {
  ReportFormat,
  StartVerificationRequest,
  Verification,
} from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';

/**
 * Verifications of the account. Methods reject with an `ApiError`; those that take an id with `VERIFICATION_NOT_FOUND`.
 *
 * @example
 * ```ts
 * const { id } = await client.verifications.start({ webhook_id: webhook.id });
 * console.log(await client.verifications.get(id));
 * ```
 */
export interface VerificationsClient {
  /**
   * `POST /_sandbox/verifications`. Resolves once the run has started. Errors: `VALIDATION_FAILED`, `WEBHOOK_NOT_FOUND`,
   * `VERIFICATION_RUNNING`.
   *
   * @example
   * ```ts
   * const { id } = await client.verifications.start({ webhook_id: webhook.id, only: ['signature/*'] });
   * console.log(id); // ver_1
   * ```
   */
  start(request: StartVerificationRequest, options?: CallOptions): Promise<Verification>;
  /**
   * `GET /_sandbox/verifications`. Newest first.
   *
   * @example
   * ```ts
   * for (const { id, verdict } of await client.verifications.list()) console.log(id, verdict);
   * ```
   */
  list(options?: CallOptions): Promise<readonly Verification[]>;
  /**
   * `GET /_sandbox/verifications/{verification_id}`.
   *
   * @example
   * ```ts
   * console.log((await client.verifications.get(verification.id)).checks_done);
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Verification>;
  /**
   * `DELETE /_sandbox/verifications/{verification_id}`. Resolves when the run has ended.
   *
   * @example
   * ```ts
   * console.log((await client.verifications.stop(verification.id)).status);
   * ```
   */
  stop(id: string, options?: CallOptions): Promise<Verification>;
  /**
   * `GET /_sandbox/verifications/{verification_id}/report`. Error: `REPORT_NOT_READY`.
   *
   * @returns the report as text
   *
   * @example
   * ```ts
   * await client.verifications.stop(verification.id);
   * console.log(await client.verifications.report(verification.id, 'markdown'));
   * ```
   */
  report(id: string, format: ReportFormat, options?: CallOptions): Promise<string>;
}

const VERIFICATIONS = '/_sandbox/verifications';

export const verificationsClient = (http: Http): VerificationsClient => ({
  start: (body, options) => http.call({ method: 'POST', path: VERIFICATIONS, body, ...options }),
  list: (options) => http.call({ method: 'GET', path: VERIFICATIONS, ...options }),
  get: (id, options) =>
    http.call({ method: 'GET', path: path`/_sandbox/verifications/${id}`, ...options }),
  stop: (id, options) =>
    http.call({ method: 'DELETE', path: path`/_sandbox/verifications/${id}`, ...options }),
  report: async (id, format, options) => {
    const report = await http.open({
      method: 'GET',
      path: path`/_sandbox/verifications/${id}/report`,
      query: { format },
      ...options,
    });
    return report.text();
  },
});
