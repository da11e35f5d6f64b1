/**
 * Changes of source files below the working directory.
 *
 * @module
 */
import { watch } from 'chokidar';

export interface FileWatch {
  [Symbol.asyncDispose](): Promise<void>;
}

/** Folders that hold no source of the user's: dependencies, caches, what version control and editors keep. */
const IGNORED_FOLDER =
  /^(?:\..+|node_modules|__pycache__|venv|env|site-packages|vendor|target|coverage)$/;

/** Source and settings. Other files may be what the receiver itself writes during a run. */
const SOURCE =
  /^(?:\.env.*|Dockerfile|Gemfile|package\.json|config\.ru)$|\.(?:[cm]?[jt]sx?|vue|py|rb|php|go|rs|java|kts?|scala|groovy|cs|fs|vb|exs?|erl|cljs?|swift|lua|p[lm]|sh|sql|toml|ya?ml|env|gradle|xml|properties|ini|cfg|conf)$/i;

const nameOf = (path: string): string => path.split(/[/\\]/).at(-1) ?? '';

/** Watch the working directory. @param onChange called with the path of a file that changed */
export const watchFiles = async (onChange: (path: string) => void): Promise<FileWatch> => {
  const watcher = watch('.', {
    ignoreInitial: true,
    ignored: (path, stats) => {
      const name = nameOf(path);
      if (path === '.' || name === '') return false;
      if (stats === undefined) return IGNORED_FOLDER.test(name) && !SOURCE.test(name);
      return stats.isFile() ? !SOURCE.test(name) : IGNORED_FOLDER.test(name);
    },
  });
  watcher.on('all', (event, path) => {
    if (event === 'add' || event === 'change' || event === 'unlink') onChange(path);
  });
  watcher.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    watcher.once('ready', () => resolve());
  });
  return { [Symbol.asyncDispose]: () => watcher.close() };
};
