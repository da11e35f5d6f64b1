/**
 * A modal dialog: focus moves in, Escape closes it, focus returns.
 *
 * @module
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { closeDialog, dialog } from './dialog-state.ts';

export const Dialog = ({
  title,
  children,
  isWide = false,
}: {
  title: string;
  children: ComponentChildren;
  isWide?: boolean;
}) => {
  const ref = useRef<HTMLDialogElement>(null);
  // The event `close` comes late: by then another dialog may be open.
  const name = useMemo(() => dialog.value, []);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={isWide ? 'wide' : ''}
      aria-labelledby="dialog-title"
      onClose={() => {
        if (dialog.value === name) closeDialog();
      }}
      onClick={(event) => {
        if (event.target === ref.current) ref.current?.close();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button
            type="button"
            class="quiet"
            aria-label="Close"
            onClick={() => ref.current?.close()}
          >
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
};
