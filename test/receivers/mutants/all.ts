/**
 * Every mutant.
 *
 * @module
 */
import { CONTENT_MUTANTS } from './content.ts';
import { DELIVERY_MUTANTS } from './delivery.ts';
import { DOMAIN_MUTANTS } from './domain.ts';
import { GENERATED_MUTANTS } from './generated.ts';
import { HTTP_MUTANTS } from './http.ts';
import { LIMIT_MUTANTS } from './limits.ts';
import type { Mutant } from './mutant.ts';
import { PERFORMANCE_MUTANTS } from './performance.ts';
import { PREFLIGHT_HTTP_MUTANTS } from './preflight-http.ts';
import { PREFLIGHT_SIGNATURE_MUTANTS } from './preflight-signature.ts';
import { RESTARTED_MUTANTS } from './restarted.ts';
import { SEQUENCE_MUTANTS } from './sequences.ts';
import { FORGED_MUTANTS } from './signature-forged.ts';
import { SIGNATURE_BODY_MUTANTS } from './signature-body.ts';
import { SIGNATURE_MUTANTS } from './signature.ts';
import { STATE_MUTANTS } from './state.ts';

export const MUTANTS: readonly Mutant[] = [
  ...PREFLIGHT_SIGNATURE_MUTANTS,
  ...PREFLIGHT_HTTP_MUTANTS,
  ...SIGNATURE_MUTANTS,
  ...SIGNATURE_BODY_MUTANTS,
  ...FORGED_MUTANTS,
  ...CONTENT_MUTANTS,
  ...GENERATED_MUTANTS,
  ...HTTP_MUTANTS,
  ...DELIVERY_MUTANTS,
  ...SEQUENCE_MUTANTS,
  ...RESTARTED_MUTANTS,
  ...DOMAIN_MUTANTS,
  ...STATE_MUTANTS,
  ...PERFORMANCE_MUTANTS,
  ...LIMIT_MUTANTS,
];
