/**
 * Wildcards. Matched without a regular expression, whose time would grow with a power of the number of stars.
 *
 * @module
 */

/**
 * Whether the whole text fits a pattern in which `*` stands for any characters. Takes at most as many steps as the
 * lengths of the two multiplied.
 *
 * @param single a character of the pattern that stands for any one character
 *
 * @example
 * ```ts
 * matchesGlob('http/*', 'http/no-hang'); // true
 * ```
 */
export const matchesGlob = (pattern: string, text: string, single?: '?'): boolean => {
  let at = 0;
  let read = 0;
  /** The last star, and where the text after what it stands for begins. */
  let star = -1;
  let resume = 0;
  while (read < text.length) {
    if (pattern[at] === '*') {
      star = at;
      resume = read;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === text[read] || pattern[at] === single)) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      read = resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
};
