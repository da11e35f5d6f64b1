/**
 * The filter: its text is in the URL, completions follow the cursor, problems are said.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { suggest, type Suggestion } from '../../deliveries/filter.ts';
import { filter, filterText, isHighlighting } from '../state/deliveries.ts';
import { setQuery } from '../state/location.ts';

const MAX_SUGGESTIONS = 10;

const useFilter = () => {
  const isOpen = useSignal(false);
  const at = useSignal(-1);
  const list = isOpen.value ? suggest(filterText.value).slice(0, MAX_SUGGESTIONS) : [];
  const type = (text: string): void => {
    at.value = -1;
    isOpen.value = true;
    setQuery({ q: text });
  };
  const accept = (one: Suggestion | undefined): void => {
    if (one !== undefined) type(one.text);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const { key } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      isOpen.value = true;
      const step = key === 'ArrowDown' ? 1 : -1;
      at.value = list.length === 0 ? -1 : (at.value + step + list.length) % list.length;
    } else if (key === 'Tab' && at.value >= 0 && !event.shiftKey) {
      event.preventDefault();
      accept(list[at.value]);
    } else if (key === 'Enter') {
      if (at.value >= 0) accept(list[at.value]);
      else {
        isOpen.value = false;
        document.getElementById('deliveries')?.focus();
      }
    } else if (key === 'Escape') {
      if (isOpen.value && list.length > 0) isOpen.value = false;
      else document.getElementById('deliveries')?.focus();
    }
  };
  return { isOpen, at, list, type, accept, onKeyDown };
};

const Suggestions = ({
  list,
  at,
  accept,
}: {
  list: readonly Suggestion[];
  at: number;
  accept: (one: Suggestion) => void;
}) => (
  <ul id="filter-suggestions" role="listbox" aria-label="Completions" class="suggestions">
    {list.map((one, index) => (
      <li
        key={one.text}
        id={`suggestion-${index}`}
        role="option"
        aria-selected={index === at}
        onMouseDown={(event) => {
          event.preventDefault();
          accept(one);
        }}
      >
        <code>{one.label}</code> <span class="dim">{one.help}</span>
      </li>
    ))}
  </ul>
);

export const FilterBox = () => {
  const { isOpen, at, list, type, accept, onKeyDown } = useFilter();
  const { problems } = filter.value;
  return (
    <div class="filter">
      <div class="filter-field">
        <input
          id="filter"
          type="text"
          role="combobox"
          placeholder="Filter: status:dead event:email.* lead:sarah@ …"
          aria-label="Filter deliveries"
          aria-expanded={list.length > 0}
          aria-controls="filter-suggestions"
          aria-autocomplete="list"
          {...(at.value >= 0 ? { 'aria-activedescendant': `suggestion-${at.value}` } : {})}
          aria-describedby="filter-problems"
          aria-invalid={problems.length > 0}
          autocomplete="off"
          spellcheck={false}
          value={filterText.value}
          onInput={(event) => type(event.currentTarget.value)}
          onFocus={() => (isOpen.value = true)}
          onBlur={() => (isOpen.value = false)}
          onKeyDown={onKeyDown}
        />
        <kbd aria-hidden="true">/</kbd>
        {list.length > 0 && <Suggestions list={list} at={at.value} accept={accept} />}
      </div>
      <button
        type="button"
        aria-pressed={isHighlighting.value}
        title="Mark matching rows instead of hiding the others"
        onClick={() => setQuery({ mark: isHighlighting.value ? '' : '1' })}
      >
        Highlight
      </button>
      <p id="filter-problems" class="problems">
        {problems.join(' ')}
      </p>
    </div>
  );
};
