import { ask } from './bench-api.js';
import { whole } from './format.js';
import { languages, t } from './i18n.js';

const TRIES = 3;
const LOOK_MILLIS = 5_000;

/**
 * Appends more at once than the log keeps, again until a lane is told of a gap.
 *
 * @param {HTMLButtonElement} button
 * @param {Record<string, import('./lane.js').Lane>} lanes
 * @param {(text: string) => void} note
 * @param {(problem: any) => string} explain
 */
export function floodButton(button, lanes, note, explain) {
  const told = new Set();
  let words = () => '';
  const say = (next) => {
    words = next;
    note(words());
  };
  for (const lane of Object.values(lanes)) {
    lane.addEventListener('gap', () => {
      told.add(lane);
      if (button.disabled) {
        note(words());
      }
    });
  }
  languages.addEventListener('change', () => note(words()));

  async function flood() {
    button.disabled = true;
    told.clear();
    say(() => t('bench.flooding'));
    try {
      for (let i = 0; i < TRIES && told.size === 0; i++) {
        const { published, kept } = await ask('PUT', '/flood');
        const counts = { count: whole(published), kept: whole(kept) };
        say(() => result(counts));
        await new Promise((later) => setTimeout(later, LOOK_MILLIS));
        note(words());
      }
    } catch (problem) {
      say(() => explain(problem));
    } finally {
      button.disabled = false;
    }
  }

  function result(counts) {
    if (told.size === 0) {
      return t('bench.floodedNone', counts);
    }
    const names = [...told].map((lane) => t(`lane.${lane.state.transport}`));
    return t('bench.flooded', { ...counts, lanes: names.join(t('list.and')) });
  }

  button.addEventListener('click', flood);
}
