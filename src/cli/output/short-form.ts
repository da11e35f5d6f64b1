/**
 * Short forms of keys and secrets: enough to tell two apart, too little to use one.
 *
 * @module
 */

/** Fewest characters of which the last four may be shown. */
const LONG = 16;

/** The prefix and the last characters of a secret: `whsec_…9f3K`. */
export const shortSecret = (secret: string): string => {
  const prefix = /^[a-z]{2,8}_/.exec(secret)?.[0] ?? '';
  return `${prefix}…${secret.slice(secret.length - prefix.length >= LONG ? -4 : -2)}`;
};

/** The first characters of an API key, at most half of it: `cust…`. */
export const shortKey = (key: string): string =>
  `${key.slice(0, Math.min(4, Math.ceil(key.length / 2)))}…`;

/** An account whose key is unknown, by the hash of its key: `#3fa9c1`. */
export const shortHash = (keyHash: string): string => `#${keyHash.slice(0, 6)}`;
