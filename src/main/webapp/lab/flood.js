import { ask } from './bench-api.js';
import { ServerClock } from './clock.js';
import { bytes, whole } from './format.js';
import { languages, t } from './i18n.js';
import { explain } from './problems.js';

const TRIES = 3;
const LOOK_MILLIS = 250;

/** How long after a flood its messages are checked. */
const LATE_MILLIS = 1_500;

/**
 * Appends more in a few seconds than the log keeps and a slow reader's buffers hold; again, up to three
 * times in all, until a lane is told of a gap.
 *
 * @param {HTMLButtonElement} button
 * @param {Record<string, import('./lane.js').Lane>} lanes
 * @param {import('./bench.js').Bench} bench
 */
export function floodButton(button, lanes, bench) {
  const told = new Set();
  let words = () => '';
  const say = (next) => {
    words = next;
    bench.note(words());
  };
  for (const lane of Object.values(lanes)) {
    lane.addEventListener('gap', () => {
      told.add(lane);
      if (button.disabled) {
        bench.note(words());
      }
    });
  }
  languages.addEventListener('change', () => bench.note(words()));

  async function flood() {
    button.disabled = true;
    told.clear();
    bench.sizedAt = Infinity; // what is measured now says nothing of messages of the size that is set
    try {
      for (let time = 1; time <= TRIES && told.size === 0; time++) {
        const { published, kept, size, seconds } = await ask('PUT', '/flood');
        const counts = {
          count: whole(published), kept: whole(kept), size: bytes(published * size), time: whole(time),
        };
        say(() => `${t('bench.flooding', counts)} ${gaps()}`);
        await allHaveLooked(seconds);
        say(() => `${t('bench.flooded', counts)} ${gaps() || t('bench.floodedNone')}`);
      }
    } catch (problem) {
      say(() => explain(problem));
    } finally {
      button.disabled = false;
      bench.sizedAt = ServerClock.now();
    }
  }

  // A lane that reads nothing cannot be told: its gap shows when it reads again.
  async function allHaveLooked(seconds) {
    const until = performance.now() + seconds * 1000 + bench.interval * 1000 + LATE_MILLIS;
    let backAt = 0;
    while (performance.now() < Math.max(until, backAt + LATE_MILLIS)) {
      if (Object.values(lanes).some(({ state }) => state.state === 'stalled')) {
        backAt = performance.now();
      }
      await new Promise((later) => setTimeout(later, LOOK_MILLIS));
    }
  }

  function gaps() {
    const names = [...told].map((lane) => t(`lane.${lane.state.transport}`));
    return names.length ? t('bench.floodedGaps', { lanes: names.join(t('list.and')) }) : '';
  }

  button.addEventListener('click', flood);
}
