/**
 * The frame of a view besides the deliveries: heading, actions, and its states loading, error and empty.
 *
 * @module
 */
import type { ComponentChildren } from 'preact';
import type { Resource } from '../state/resource.ts';

export const Page = ({
  title,
  help,
  actions,
  children,
}: {
  title: string;
  help?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="page" aria-label={title}>
    <header class="page-head">
      <div>
        <h2 class="big">{title}</h2>
        {help !== undefined && <p class="dim">{help}</p>}
      </div>
      {actions !== undefined && <div class="buttons">{actions}</div>}
    </header>
    {children}
  </section>
);

/** Shows `children` for loaded data; else why there is none. */
export const Loaded = <T,>({
  resource,
  isEmpty,
  empty,
  children,
}: {
  resource: Resource<T>;
  isEmpty?: (value: T) => boolean;
  empty?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}) => {
  const { value, error, reload } = resource;
  if (value === null) {
    return error === null ? (
      <p class="empty dim">Loading…</p>
    ) : (
      <div class="empty" role="alert">
        <p>{error}</p>
        <button type="button" onClick={reload}>
          Try again
        </button>
      </div>
    );
  }
  if (isEmpty?.(value) === true) return <div class="empty">{empty}</div>;
  return (
    <>
      {error !== null && <p class="bad">{error}</p>}
      {children(value)}
    </>
  );
};
