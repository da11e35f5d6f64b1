/**
 * Tabs with the keys that screen readers announce: arrows, Home and End.
 *
 * @module
 */
import type { ComponentChildren } from 'preact';

interface Tab {
  readonly id: string;
  readonly name: string;
}

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowRight: (at, last) => (at === last ? 0 : at + 1),
  ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
  Home: () => 0,
  End: (_at, last) => last,
};

export const Tabs = ({
  label,
  tabs,
  current,
  onSelect,
  children,
}: {
  label: string;
  tabs: readonly Tab[];
  current: string;
  onSelect: (id: string) => void;
  children: ComponentChildren;
}) => (
  <>
    <div
      class="tabs"
      role="tablist"
      aria-label={label}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const at = tabs.findIndex(({ id }) => id === current);
        const to = tabs[step(at, tabs.length - 1)];
        if (to === undefined) return;
        onSelect(to.id);
        document.getElementById(`tab-${to.id}`)?.focus();
      }}
    >
      {tabs.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === current}
          aria-controls="tab-panel"
          tabIndex={id === current ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {name}
        </button>
      ))}
    </div>
    <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${current}`}>
      {children}
    </div>
  </>
);
