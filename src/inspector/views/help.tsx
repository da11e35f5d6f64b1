/**
 * The keys and the filter language, on `?`.
 *
 * @module
 */
import { FILTER_KEYS } from '../../deliveries/filter.ts';
import { Dialog } from './dialog.tsx';
import { KEYS } from './keys.ts';

export const Help = () => (
  <Dialog title="Keys and filter" isWide>
    <div class="columns">
      <section>
        <h3>Keys</h3>
        <dl class="keys">
          {KEYS.map(({ keys, help }) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{help}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Filter</h3>
        <dl class="keys">
          {FILTER_KEYS.map(({ key, help, values }) => (
            <div key={key}>
              <dt>
                <code>{key}:</code>
              </dt>
              <dd>
                {help}
                {values.length > 0 && key !== 'event' && (
                  <span class="dim"> ({values.join(', ')})</span>
                )}
              </dd>
            </div>
          ))}
          <div>
            <dt>
              <code>-</code>
            </dt>
            <dd>
              negates a term: <code>-status:delivered</code>
            </dd>
          </div>
          <div>
            <dt>
              <code>,</code>
            </dt>
            <dd>
              either value: <code>status:dead,pending</code>
            </dd>
          </div>
          <div>
            <dt>
              <code>" "</code>
            </dt>
            <dd>free text with spaces</dd>
          </div>
        </dl>
      </section>
    </div>
  </Dialog>
);
