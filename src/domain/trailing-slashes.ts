/**
 * Base URLs without slashes at the end, so that paths can be appended.
 *
 * @module
 */

/** In linear time, which a regular expression does not guarantee. */
export const withoutTrailingSlashes = (url: string): string => {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
};
