import { create, open } from '../js/switchboard.js';
import { AdvisorView } from './advisor-view.js';
import { ask } from './bench-api.js';
import { Bench } from './bench.js';
import { Births } from './births.js';
import { Chat } from './chat.js';
import { Comparison } from './chart.js';
import { ServerClock } from './clock.js';
import { showCommands } from './commands.js';
import { constants } from './constants.js';
import { Crowd } from './crowd.js';
import { byId, write } from './dom.js';
import { Door } from './door.js';
import { spans } from './exchanges.js';
import { floodButton } from './flood.js';
import { millis } from './format.js';
import { language, languages, speak, t, translate } from './i18n.js';
import { LaneView } from './lane-view.js';
import { Lane } from './lane.js';
import { Picture } from './picture.js';
import { explain } from './problems.js';
import { Publish } from './publish.js';
import { Readings } from './readings.js';
import { Store } from './store.js';
import { TRANSPORTS } from './transports.js';

const SECOND = 1_000;
const CLOCK_SAMPLES = 6;
const CLOCK_EVERY = 15;
const ADVISE_EVERY = 5;

const channelUrl = (name) => new URL(`channels/${name}`, document.baseURI).href;

async function begin() {
  const clock = new ServerClock();
  const { server, channel, offset, token } = await new Door(byId('door')).opened();
  const sample = () => clock.sample(async () => (await ask('GET')).now);
  if (server) {
    await sample();
  }
  const url = channelUrl(channel);
  const quiet = channelUrl('lab-quiet');
  const who = token === undefined ? {} : { token };

  const store = new Store();
  const lanes = {};
  const bench = new Bench(server, channel, { onAsk: (transport) => asksOtherwise(lanes, views, transport) });
  const shared = {
    url, offset, quiet, clock,
    page: crypto.getRandomValues(new Uint32Array(1))[0].toString(36),
    options: () => ({
      pollInterval: bench.interval * SECOND,
      // Off, the server decides: its bound may be lower.
      ...(server ? { wait: bench.wait * SECOND } : {}),
      ...who,
    }),
    beforeStall: () => create(quiet),
  };
  for (const key of TRANSPORTS) {
    lanes[key] = new Lane(store, key, shared);
  }
  const births = new Births();
  const picture = new Picture((time) => {
    const { times } = births;
    views.forEach((view) => view.draw(time, times));
  });
  const views = showLanes(lanes, picture, bench, Boolean(server));
  const chat = new Chat(byId('chat'), lanes, server?.bounds.messageMaxBytes ?? 1 << 20);
  const crowd = new Crowd(byId('crowd'), bench, server);
  const advisor = new AdvisorView(byId('advisor'), () => constants(lanes, bench, clock, crowd.rows));
  const readings = new Readings(byId('readings'), clock);
  const comparison = new Comparison(byId('compare'));
  new Publish(byId('publish'), server?.bounds.messageMaxBytes ?? 1 << 20, channel, who);
  showCommands(byId('commands'), channel, token !== undefined);
  floodButton(byId('flood'), lanes, bench);
  crowd.addEventListener('change', () => advisor.show());

  for (const [i, lane] of Object.values(lanes).entries()) {
    store.show(lane.key, () => {
      views[i].update();
      chat.texts();
    });
    lane.addEventListener('message', ({ detail: { message, n, stamp } }) => {
      if (Number.isFinite(stamp)) {
        births.add(n ?? stamp, clock.local(stamp));
      }
      chat.heard(lane, message);
    });
    lane.addEventListener('vanish', () => vanish(lane));
    lane.start();
  }

  const heard = [listen('ticker', who, (message) => readings.take(message))];
  if (server) {
    heard.push(listen('lab-told', who, (told) => hear(told, { lanes, crowd, bench, clock })));
  }
  showControls(picture, lanes);
  leaveWithThePage(lanes, heard);

  const tick = everySecond(lanes, comparison);
  let seconds = 0;
  setInterval(() => {
    tick();
    views.forEach((view) => view.count());
    readings.own(views.reduce((sum, { held }) => sum + held, 0),
      heard.filter(({ status, transport }) => status === 'live' && transport !== 'poll').length);
    seconds++;
    if (server && seconds % CLOCK_EVERY === 0) {
      sample().catch(() => {});
    }
    if (seconds % ADVISE_EVERY === 0) {
      advisor.show();
      showTrip(clock);
    }
  }, SECOND);
  languages.addEventListener('change', () => showTrip(clock));
  showTrip(clock);
  // The first sample is enough to begin with; the quickest of several is better.
  for (let i = 1; server && i < CLOCK_SAMPLES; i++) {
    await sample().catch(() => {});
  }
  readings.showClock();
}

/** A browser may keep a page after navigation, with all its connections, for the back button. */
function leaveWithThePage(lanes, heard) {
  addEventListener('pagehide', () => {
    Object.values(lanes).forEach((lane) => lane.isCut || lane.cut());
    heard.forEach((subscription) => subscription.close());
  });
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}

function showLanes(lanes, picture, bench, isOn) {
  return Object.values(lanes).map((lane) => new LaneView(byId(`lane-${lane.key}`), lane, picture, {
    isOn,
    interval: () => bench.interval,
    held: ({ events }) => spans(events).filter(({ to, kind }) => to === Infinity && kind !== 'standIn').length,
  }));
}

function asksOtherwise(lanes, views, transport) {
  for (const lane of Object.values(lanes)) {
    if (lane.state.transport === transport) {
      lane.restart();
    }
  }
  views.forEach((view) => view.update());
}

function showTrip(clock) {
  write(byId('trip'), clock.isKnown ? t('legend.trip', { trip: millis(clock.trip) }) : '');
}

/** Reads a channel over whatever works, for as long as the page is there. */
function listen(name, who, take) {
  const subscription = open(channelUrl(name), { offset: 'now', ...who });
  subscription.addEventListener('message', ({ data }) => take(data));
  return subscription;
}

async function vanish(lane) {
  const { transport } = lane.state;
  if (transport === 'poll') {
    lane.note({ key: 'note.vanish.poll' });
    return;
  }
  lane.trail = [];
  lane.note({ key: 'note.vanish', isSlow: transport === 'eventStream' });
  try {
    await ask('PUT', '/vanish', { transport, label: lane.standIn });
  } catch (problem) {
    lane.note({ key: 'note.failed', problem: problem.document ?? {} });
  }
}

function hear(told, { lanes, crowd, bench, clock }) {
  if (told.kind === 'crowd') {
    crowd.take(told);
  } else if (told.kind === 'source') {
    bench.set(told.source);
  } else if (told.kind === 'wire') {
    for (const lane of Object.values(lanes)) {
      lane.told(told);
      if (told.label === lane.standIn) {
        followStandIn(lane, told, clock);
      }
    }
  }
}

function followStandIn(lane, { at, saw, why }, clock) {
  const first = lane.trail[0]?.at ?? at;
  lane.trail.push({ saw, why, at, time: clock.local(at), seconds: (at - first) / SECOND });
  const isSlow = lane.state.transport === 'eventStream' && saw !== 'ended';
  lane.note({ key: 'note.vanish', isSlow });
}

function showControls(picture, lanes) {
  const freeze = byId('freeze');
  freeze.addEventListener('click', () => {
    const isHeld = freeze.getAttribute('aria-pressed') !== 'true';
    freeze.setAttribute('aria-pressed', isHeld);
    picture[isHeld ? 'hold' : 'release'](freeze);
  });
  byId('anew').addEventListener('click', () => Object.values(lanes).forEach(({ figures }) => figures.reset()));
  byId('window').addEventListener('change', ({ target }) => {
    picture.spanMillis = Number(target.value) * SECOND;
  });
}

/** What happened in the last second, for the comparison. */
function everySecond(lanes, comparison) {
  const counts = ['messages', 'requests', 'useless', 'down', 'up'];
  const all = Object.values(lanes);
  let before = all.map(({ figures }) => ({ ...figures }));
  return () => {
    const furthest = Math.max(...all.map(({ newest }) => newest));
    comparison.add(all.map(({ figures, newest, state: { transport } }, i) => ({
      transport,
      figures: {
        latency: figures.takeSecond(),
        behind: furthest - newest,
        ...Object.fromEntries(counts.map((key) => [key, Math.max(0, figures[key] - before[i][key])])),
      },
    })));
    before = all.map(({ figures }) => ({ ...figures }));
  };
}

function showLanguages() {
  const buttons = document.querySelectorAll('[data-language]');
  const press = () => buttons.forEach((button) =>
    button.setAttribute('aria-pressed', button.dataset.language === language()));
  buttons.forEach((button) => button.addEventListener('click', () => speak(button.dataset.language)));
  languages.addEventListener('change', press);
  press();
}

translate(document);
showLanguages();
begin().catch((problem) => {
  console.error(problem);
  write(byId('bench-note'), explain(problem));
});
