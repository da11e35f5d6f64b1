/**
 * Whether a delivery was signed as the contract says.
 *
 * @module
 */
import { expect } from 'vitest';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { sign } from '../../src/signature/sign.ts';
import { SECRET } from '../support/api.ts';

export const checkSigned = ({ attempts, body }: DeliveryDetail): void => {
  const header = attempts[0]?.request.headers.find(([name]) => name === 'X-SendEmAll-Signature');
  expect(header?.[1]).toBe(sign(body, SECRET));
};
