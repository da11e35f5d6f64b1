/**
 * Loads a CommonJS package on first use.
 *
 * If loading fails, e.g. because no file descriptor is free, the next call tries again. `import()` alone does not: Node
 * keeps the error of a CommonJS package for as long as the process runs. `require` keeps none.
 *
 * @module
 */
import { createRequire } from 'node:module';

/**
 * @param name of the package
 * @param load imports it; written out at the call, so that a bundler finds it
 * @throws the error of the import if the package cannot be required either
 */
export const loadPackage = async <T>(name: string, load: () => Promise<T>): Promise<T> => {
  try {
    return await load();
  } catch (error) {
    try {
      return createRequire(import.meta.url)(name) as T;
    } catch {
      throw error;
    }
  }
};
