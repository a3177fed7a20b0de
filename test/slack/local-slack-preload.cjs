// Runs inside the local Slack (Bun, by BUN_OPTIONS=--preload=…) and mends four things that it has no
// setting for: it listens on all interfaces, it forgets the metadata of messages, it forgets everything
// when it ends, and its page shows neither code fences nor date tokens, nor what a form is filled in with.
const { EventEmitter } = require('node:events');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');

const serve = Bun.serve;
const metadata = new Map();

const stateFile = process.env.LOCAL_SLACK_STATE;
let slack;

// Its store is not exported; it is the one emitter that has channels and messages.
const { setMaxListeners } = EventEmitter.prototype;
EventEmitter.prototype.setMaxListeners = function (...rest) {
  if (this.messages instanceof Map && this.channels instanceof Map) {
    slack = this;
  }
  return setMaxListeners.apply(this, rest);
};

const save = () => {
  const state = {
    channels: [...slack.channels.values()],
    messages: Object.fromEntries(slack.messages),
    metadata: Object.fromEntries(metadata),
  };
  writeFileSync(`${stateFile}.next`, JSON.stringify(state));
  renameSync(`${stateFile}.next`, stateFile);
};

/** Shows what was there before, under the same times, and writes down what changes. */
const keepState = () => {
  if (existsSync(stateFile)) {
    const state = JSON.parse(readFileSync(stateFile, 'utf8'));
    for (const channel of state.channels) {
      slack.channels.set(channel.id, slack.channels.get(channel.id) ?? channel);
      slack.messages.set(channel.id, state.messages[channel.id] ?? []);
    }
    for (const [key, value] of Object.entries(state.metadata)) {
      metadata.set(key, value);
    }
  }
  let isWaiting = false;
  const later = () => {
    if (!isWaiting) {
      isWaiting = true;
      setTimeout(() => {
        isWaiting = false;
        save();
      }, 200);
    }
  };
  for (const change of ['message', 'message_update', 'message_delete', 'channel', 'reset']) {
    slack.on(change, later);
  }
  process.prependListener('SIGTERM', () => {
    save();
    if (process.listenerCount('SIGTERM') === 1) {
      process.exit(143);
    }
  });
};

const pad = (number) => String(number).padStart(2, '0');

/** A date token as Slack's clients write it, in the zone of this machine. */
const showDate = (_, seconds, format) => {
  const date = new Date(seconds * 1000);
  const days = Math.round(
    (new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000,
  );
  const near = { '-1': 'tomorrow', 0: 'today', 1: 'yesterday' }[days];
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return format
    .replace('{date_short_pretty}', near ?? date.toDateString().slice(4))
    .replace('{time_secs}', `${time}:${pad(date.getSeconds())}`)
    .replace('{time}', time);
};

// The page formats inside code, and shows entities as they are written.
const lookAlikes = { '*': '∗', _: 'ˍ', '~': '∼', '`': "'" };
const entities = { '&amp;': '&', '&lt;': '‹', '&gt;': '›' };

const showFence = (_, code) =>
  code
    .split('\n')
    .map((line) => line.replace(/[*_~`]/g, (sign) => lookAlikes[sign]))
    .map((line) => line.replace(/^ | {2,}/g, (spaces) => '\u00a0'.repeat(spaces.length)))
    .map((line) => `\`${line || '\u00a0'}\``)
    .join('\n');

const showText = (text) =>
  text
    .replace(/```\n?([\s\S]*?)\n?```/g, showFence)
    .replace(/<!date\^(\d+)\^([^|>]*)\|[^>]*>/g, showDate)
    .replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity]);

// The page shows no choice that is made at first: it stands where "Select" would, and checked ones say so.
const showInitial = (element) => ({
  ...element,
  ...(element.initial_option ? { placeholder: element.initial_option.text } : {}),
  ...(element.initial_options
    ? {
        options: element.options.map((option) =>
          element.initial_options.some(({ value }) => value === option.value)
            ? { ...option, text: { ...option.text, text: `${option.text.text} (on)` } }
            : option,
        ),
      }
    : {}),
});

let modal;

// The page names the block of an error; people know its label.
const byLabel = (errors) =>
  Object.fromEntries(
    Object.entries(errors).map(([id, error]) => {
      const block = modal?.blocks.find(({ block_id }) => block_id === id);
      return [block?.label?.text ?? id, error];
    }),
  );

/** What goes to the page, and only that, in forms that the page does show. */
const forPage = (data) => {
  if (typeof data !== 'string') {
    return data;
  }
  const frame = JSON.parse(data);
  if (frame.t === 'view' || frame.t === 'init') {
    modal = (frame.stack ?? frame.state?.modalStack ?? []).at(-1);
  }
  if (frame.t === 'view_errors') {
    return JSON.stringify({ ...frame, errors: byLabel(frame.errors ?? {}) });
  }
  return JSON.stringify(
    JSON.parse(data, (key, value) => {
      if (key === 'text' && typeof value === 'string') {
        return showText(value);
      }
      return key === 'element' && value ? showInitial(value) : value;
    }),
  );
};

const initialOf = ({ type, initial_value, initial_option, initial_options }) => {
  if (initial_option) {
    return { type, selected_option: initial_option };
  }
  if (initial_options) {
    return { type, selected_options: initial_options };
  }
  return initial_value === undefined ? undefined : { type, value: initial_value };
};

/** A form that is sent off, with what nobody touched. */
const withInitial = (data) => {
  const frame = typeof data === 'string' ? JSON.parse(data) : undefined;
  if (frame?.t !== 'view_submit') {
    return data;
  }
  const values = { ...frame.values };
  for (const { block_id, element } of modal?.blocks ?? []) {
    const initial = element && initialOf(element);
    if (initial && values[block_id]?.[element.action_id] === undefined) {
      values[block_id] = { ...values[block_id], [element.action_id]: initial };
    }
  }
  return JSON.stringify({ ...frame, values });
};

const websocketFor = (websocket) =>
  websocket && {
    ...websocket,
    open(socket) {
      if (socket.data?.page) {
        const send = socket.send.bind(socket);
        socket.send = (data, ...rest) => send(forPage(data), ...rest);
      }
      return websocket.open?.(socket);
    },
    message(socket, data) {
      return websocket.message?.(socket, socket.data?.page ? withInitial(data) : data);
    },
  };

const markAsPage = (server) => ({
  upgrade: (request, options) =>
    server.upgrade(request, {
      ...options,
      data: Object.assign(options?.data ?? {}, { page: true }),
    }),
  requestIP: (request) => server.requestIP(request),
  publish: (...rest) => server.publish(...rest),
});

const keeping = /^(?:chat\.(?:postMessage|update)|conversations\.(?:history|replies))$/;

/** Keeps the metadata of posts and edits, and gives it back with the history. */
const withMetadata = (method, parameters, body) => {
  if (body.ok && method.startsWith('chat.')) {
    const key = body.channel + body.ts;
    const given = parameters.get('metadata');
    if (given) {
      metadata.set(key, JSON.parse(given));
    }
    if (body.message && metadata.has(key)) {
      body.message.metadata = metadata.get(key);
    }
  }
  for (const message of body.messages ?? []) {
    const kept = metadata.get(parameters.get('channel') + message.ts);
    if (kept && parameters.get('include_all_metadata') === 'true') {
      message.metadata = kept;
    }
  }
  return body;
};

Bun.serve = (options) => {
  if (stateFile && slack) {
    keepState();
  }
  return serve({
    ...options,
    hostname: '127.0.0.1',
    websocket: websocketFor(options.websocket),
    async fetch(request, server) {
      // Pages of other origins must not reach it by a name that resolves to the loopback address.
      const host = (request.headers.get('host') ?? '').replace(/:\d+$/, '');
      if (host !== '127.0.0.1' && host !== 'localhost') {
        return new Response('bad host', { status: 421 });
      }
      const { pathname } = new URL(request.url);
      if (pathname === '/ui') {
        return options.fetch(request, markAsPage(server));
      }
      const method = pathname.startsWith('/api/') ? pathname.slice(5) : '';
      if (!keeping.test(method)) {
        return options.fetch(request, server);
      }
      const parameters = new URLSearchParams(await request.clone().text());
      const answer = await options.fetch(request, server);
      const body = withMetadata(method, parameters, await answer.json());
      return new Response(JSON.stringify(body), {
        status: answer.status,
        headers: { 'content-type': 'application/json' },
      });
    },
  });
};
