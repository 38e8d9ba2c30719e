// Everything that the page says, in English and Japanese, and how it writes numbers and times.

const en = {
  title: 'Auto Deploy', skip: 'Skip to content', deployments: 'Deployments', events: 'Events',
  newDeploy: 'New Deploy', live: 'Live', connecting: 'Connecting…', lost: 'Not connected, trying again…',
  readOnly: 'Read-only', readOnlyHint: 'This page is read-only. The host application switches actions on with .actions(true).',
  signIn: 'Sign in', signOut: 'Sign out', 'signIn.user': 'User', 'signIn.password': 'Password', 'signIn.wrong': 'The user or the password is wrong.', 'signIn.wait': 'There were too many attempts. Wait a minute, then try again.',
  readOnlyUser: 'Your user may look at this page, and change nothing.',
  audit: 'Audit', 'audit.text': 'The last 1000 actions through this page and its API since the application started. All of them are in the application’s log.', 'audit.empty': 'Nobody has done anything here yet.',
  'audit.at': 'Time', 'audit.user': 'User', 'audit.what': 'Action', 'audit.detail': 'Detail', 'audit.outcome': 'Outcome', 'audit.nobody': '(no sign-in)',
  'audit.create': 'create', 'audit.update': 'change', 'audit.remove': 'delete', 'audit.start': 'start', 'audit.release': 'release', 'audit.snapshot': 'snapshot', 'audit.sign-in': 'sign in', 'audit.sign-out': 'sign out',
  'audit.done': 'done', 'audit.accepted': 'accepted', 'audit.session expired': 'session expired',
  loading: 'Loading…', search: 'Search deployments', found: '{shown} of {all} shown', all: 'All', more: 'Show more',
  standby: 'Standby', idle: 'Idle', running: 'Running',
  standbyHint: 'Configured, and no instance exists', idleHint: 'An instance is being created, sleeps, or is being released', runningHint: 'An instance serves requests or waits for the next one',
  'phase.none': 'no instance', 'phase.starting': 'starting', 'phase.draining': 'draining', 'phase.releasing': 'releasing',
  'phase.falling-asleep': 'falling asleep', 'phase.asleep': 'asleep', 'phase.waking': 'waking',
  'phase.backing-off': 'start failed, waiting to retry', 'phase.in-line': 'in line for a GPU', 'inLine': 'In line for a GPU', 'phase.failed': 'the last start failed', failed_: 'Failed', failed_Hint: 'The last start failed, and none has succeeded since', failedAt: '{time}: {message}', 'phase.busy': 'busy', 'phase.waiting': 'waiting for requests', 'phase.ready': 'ready', 'phase.idle': 'idle',
  name: 'Name', description: 'Description', status: 'Status', instanceStatus: 'Instance status', link: 'Service link', instances: 'Instances', requests: 'Requests', cost: 'Cost',
  copy: 'Copy', copied: 'Copied', copyLink: 'Copy the link of {name}', noLink: 'no link', inFlight: '{n} in flight', pending: '{n} waiting', noRequests: 'none now', usedSoFar: '{n} so far, {c} cold',
  release: 'Release', releaseIn: 'Released in', releaseInTime: '{time}', notScheduled: '–', releaseNow: 'any moment',
  soFar: 'So far', thisMonth: 'This month', alwaysOn: 'Always on', saved: 'Saved', alwaysOnHint: 'The cost of one instance running the whole time',
  totals: 'Totals', runningNow: 'Running now', ofAll: 'of {n}',
  emptyTitle: 'No deployment yet', emptyText: 'A deployment is a service that costs nothing while nobody calls it: the first request on its link starts an instance, and it is released when requests stop.',
  emptyStep1: 'Make a deployment: name, image, port and start command.', emptyStep2: 'Copy its service link into your application.', emptyStep3: 'Call it. Watch it go from Standby to Running and back.',
  emptyReadOnly: 'The host application declares deployments with autoDeploy.deploy(…). To make them here, it switches actions on.',
  nothingFound: 'No deployment matches the search.', gone: 'There is no deployment “{name}”. It may have been deleted.', back: 'Back to the deployments',
  'form.title': 'New Deploy', 'form.edit': 'Edit {name}', 'form.basics': 'What it is', 'form.environment': 'Where it runs', 'form.service': 'How it starts', 'form.scaling': 'How it scales and what it costs', 'form.more': 'More settings',
  'form.name': 'Name', 'form.nameHint': 'Becomes part of the link: a–z, 0–9 and hyphens, beginning with a letter.',
  'form.description': 'Description', 'form.descriptionHint': 'A short text for people.',
  'form.gpu': 'GPU', 'form.gpuNone': 'None', 'form.gpuAll': 'All', 'form.gpuCount': '{n} GPU', 'form.gpuById': 'Certain ones', 'form.gpuIds': 'Ids of the GPUs', 'form.gpuIdsHint': 'Index or UUID of each, with commas between them. Deployments that name the same GPU take turns on it.', 'form.gpuMemory': 'Memory of each GPU, in GiB', 'form.gpuWhole': 'whole GPUs', 'form.gpuMemoryHint': 'Several deployments get one GPU as long as their sum fits. Empty: whole GPUs.', 'form.gpuMemoryWrong': 'Write a number of GiB greater than 0, or nothing.', 'form.gpuModel': 'GPU model', 'form.anyModel': 'Any model',
  'form.source': 'Environment', 'form.sourceImage': 'Image', 'form.sourceSnapshot': 'Snapshot', 'form.sourceNone': 'None (a local process)',
  'form.image': 'Image', 'form.imageHint': 'As the provider knows it, such as breezyvoice:latest.', 'form.snapshot': 'Snapshot', 'form.snapshotHint': 'A state of an instance that was stored before.',
  'form.snapshotOf': 'Of {name}, {size}, made {time}.', 'form.snapshotWithout': 'What is in {paths} is not in it.',
  'form.arguments': 'Arguments', 'form.argumentsHint': 'For the image\'s entrypoint, one in each line; not beside a start command.', 'form.healthCheck': 'the image\'s HEALTHCHECK',
  'form.port': 'Port', 'form.portHint': 'The port that your service listens on.', 'form.startCommand': 'Start Command', 'form.startCommandHint': 'A shell line. Empty: what the image starts.',
  'form.idle': 'Instance Idle Retention Period', 'form.idleHint': 'How long an instance is kept without a request, in minutes.', 'form.minutes': 'minutes', 'form.custom': 'set by the application', 'form.portAnswers': 'the port accepts connections',
  'form.max': 'Maximum Number of Instances', 'form.maxHint': '1 to 1000.', 'form.price': 'Price per hour', 'form.priceHint': 'Of one instance. Empty: the prices of the host application.', 'form.currency': 'Currency',
  'form.concurrency': 'Requests at once', 'form.concurrencyHint': 'How many requests one instance serves at once. Empty: no limit.', 'form.health': 'Health path', 'form.healthHint': 'Ready when a GET of this path succeeds. HEALTHCHECK: when the image\'s own check does. Empty: when the port accepts connections.',
  'form.probeMethod': 'Method of the health request', 'form.probeTimeout': 'Its timeout, in seconds', 'form.probeTimeoutHint': 'How long an answer is waited for. Empty: 10.', 'form.probeBody': 'Text in its answer', 'form.probeBodyHint': 'What the answer has to contain. Empty: anything.', 'form.probeHeaders': 'Its headers', 'form.probeHeadersHint': 'One Name: value a line; ${NAME} stands for an environment variable. Other values are shown as ***.', 'form.headerLine': 'Every line must be Name: value; line {n} is not.', 'form.probeInterval': 'Pause between probes, in seconds', 'form.probeIntervalHint': 'Empty: it grows from 1 ms to 100 ms.', 'form.probeThreshold': 'Probes in a row that must succeed', 'form.startTimeout': 'Longest start, in seconds', 'form.startTimeoutHint': 'From the start of its process or container until it is ready.', 'form.startTimeoutFactor': 'Longest start by its starts', 'form.startTimeoutFactorHint': 'That many times what 95 of 100 starts take, if that is longer. Empty: the time beside it alone.', 'form.liveness': 'Liveness address', 'form.livenessInterval': 'Pause between these questions, in seconds', 'form.livenessThreshold': 'Failures in a row until it is replaced', 'form.livenessHint': 'A path that is asked while an instance serves nothing; one that fails several times in a row is replaced. Empty: it is not asked again.', 'form.maxRequestTime': 'Longest request, in seconds', 'form.maxRequestTimeHint': 'A longer one gets 504, and its instance is replaced.', 'form.maxLifetime': 'Longest life, in seconds', 'form.maxLifetimeHint': 'An older instance is replaced when it serves nothing.', 'form.memory': 'Memory of an instance, in GiB', 'form.memoryHint': 'One that needs more is ended as out of memory.', 'form.cpus': 'Processors of an instance', 'form.cpusHint': 'How many it may use at once, such as 1.5.', 'form.maxProcesses': 'Processes of an instance', 'form.maxProcessesHint': 'Processes and threads, 10 or more.', 'form.sleepMode': 'Sleep mode', 'form.sleepModeHint': 'How an idle instance frees its GPU without being released.', 'sleep.none': 'it does not sleep', 'sleep.vllm': 'vLLM, level 1', 'sleep.vllm-2': 'vLLM, level 2', 'sleep.sglang': 'SGLang', 'sleep.own': 'requests of its own', 'form.sleepAfter': 'Sleeps after, in minutes', 'form.sleepAfterHint': 'Without a request; less than the idle retention period. Empty: only to make room for others.', 'form.prepareAhead': 'Fetch the image ahead', 'form.prepareAheadHint': 'When the deployment is made or changed, not at its first start.',
  'form.budget': 'Budget', 'form.budgetHint': 'The most that may be spent, with a currency, or hours of GPU time. Empty: no limit.', 'form.budgetPeriod': 'Period of the budget', 'form.budgetEnd': 'At its end', 'form.budgetUnit': 'Currency of the budget, or GPU hours', 'budget.day': 'per day', 'budget.week': 'per week', 'budget.month': 'per month', 'budget.total': 'in total', 'budget.drain': 'let requests finish', 'budget.cut': 'cut', budget: 'Budget', 'budget.of': '{percent}% of {limit} {period}', 'budget.exhausted': 'The budget is exhausted: {spent} of {limit} {period} are spent. Requests are refused.', 'budget.noStart': 'What is left of the budget does not cover a start: {spent} of {limit} {period} are spent.', 'budget.resets': 'The next period begins at {time}.', gpuHours: '{n} GPU hours', 'event.budget-used': '{percent}% of the budget are spent', 'reason.budget': 'the budget is spent', 'event.engine-budget-used': '{percent}% of the budget of all deployments are spent', 'engineBudget': 'Budget of all deployments', 'engineBudget.none': 'All deployments together may spend any amount.', 'engineBudget.hint': 'The most that all deployments may spend together, those that were removed included. Empty: no limit.', 'engineBudget.save': 'Set the budget', 'engineBudget.saved': 'The budget is in force', 'audit.budget': 'budget', startEstimate: 'A start takes', 'startEstimate.p95': 'up to {p95} for 95 of 100, from {n} starts',
  'form.schedule': 'Schedule', 'form.scheduleHint': 'One window a line, in local time: MON-FRI 08:30-18:00 warm 1, SAT,SUN 00:00-24:00 closed, or daily 18:00-22:00 idle 1 (minutes).', 'form.scheduleZone': 'Time zone of the schedule', 'form.scheduleLine': 'Every line must be days, times and warm, idle or closed, such as MON-FRI 08:30-18:00 warm 1; line {n} is not.', 'schedule.closed': 'Closed by its schedule until {time}', 'schedule.closedAlways': 'Closed by its schedule', 'schedule.warm': '{n} kept warm by its schedule until {time}', 'schedule.idle': 'By its schedule idle instances are kept for {timeout} until {time}', 'schedule.next': 'The next window of its schedule begins at {time}', 'event.schedule-changed-closed': 'Closed by the schedule', 'event.schedule-changed-open': 'Open by the schedule', 'event.schedule-changed-warm': '{n} kept warm by the schedule',
  'form.env': 'Environment variables', 'form.envHint': 'One NAME=value a line. Values are never shown again.', 'form.envKept': 'Set already: {names}. What you add here is added to them.',
  'form.confirm': 'Confirm', 'form.save': 'Save', 'form.cancel': 'Cancel', 'form.wrong': 'Some fields need another look.', 'form.envLine': 'Every line must be NAME=value; line {n} is not.',
  'made.title': '{name} is deployed', 'made.text': 'Nothing runs and nothing is paid for yet. The first request on the link starts an instance; its answer comes back on the same call.', 'made.watch': 'Watch {name}', 'made.another': 'New Deploy',
  curl: 'Try it', 'curl.kind': 'Kind of request', 'curl.plain': 'Plain GET', 'curl.speech': 'Speech', 'curl.chat': 'Chat', copyCurl: 'Copy the command',
  start: 'Start', prepare: 'Fetch ahead', cancelPrepare: 'Stop fetching', preparing: 'Fetching ahead', 'done.prepare': '{name}: being fetched ahead', 'done.cancelPrepare': '{name}: no longer being fetched ahead', 'audit.prepare': 'fetch ahead', 'event.prepared': 'Fetched ahead in {seconds}', 'event.prepared-failed': 'Fetching ahead failed: {message}', 'event.prepared-nothing': 'Nothing had to be fetched ahead', drain: 'Release', force: 'Release by force', snapshot: 'Snapshot', edit: 'Edit', delete: 'Delete', declaredIn: 'Declared in {file}: change it there',
  'ask.force': 'Release all instances of {name} at once? Requests in flight are cut off.', 'ask.delete': 'Delete {name}? Its instances are released and its link stops working. What it has cost stays in the books.', 'ask.snapshot': 'Name of the snapshot', 'ask.volumes': 'With what is in its volumes', cancel: 'Cancel',
  'done.start': '{name}: start', 'done.release': '{name}: release requested', 'done.snapshot': '{name}: the snapshot is being made', 'done.remove': '{name}: being deleted', 'made.snapshot': '{name}: snapshot {result} is made', failed: '{name}: {message}', failedPlain: 'It did not work: {message}', saved_: '{name}: saved',
  overview: 'Overview', history: 'History', window: 'Period', hour: 'Hour', day: 'Day', week: 'Week',
  timeline: 'Time line of instances', requestsChart: 'Requests and cold starts', startsChart: 'Start durations', costChart: 'Cost, against always on',
  'seg.starting': 'Starting', 'seg.busy': 'Busy', 'seg.idle': 'Idle', 'seg.ready': 'Ready (use not recorded)', 'seg.asleep': 'Asleep', 'seg.releasing': 'Releasing', costParts: 'Cost by part', warm: 'Requests', cold: 'Cold starts', spent: 'Spent',
  noInstances: 'No instance in this period. Call the link to start one.', noRequestsYet: 'No request in this period.', noStarts: 'No start in this period.', recordedSince: 'Requests are counted since {time}.', leftOut: '{n} older instances are not drawn.',
  timelineText: 'Instances: {n}, from {from} to {to}', requestsText: 'Requests: {n}, of which waited for a cold start: {c}', startsText: 'Starts: {n}, typically {time}', costText: 'Spent {spent}; always on {always}',
  instance: 'Instance', phase: 'Phase', startedAt: 'Started', readyIn: 'Ready after', why: 'Why', noInstanceNow: 'No instance exists, so nothing is being paid for. The first request starts one.',
  'reason.request': 'a request', 'reason.demand': 'requests waited', 'reason.scale-out': 'scale-out was asked for', 'reason.minimum': 'the minimum', 'reason.expected': 'a request was expected', 'reason.adopted': 'taken over from an earlier process',
  whatIf: 'What if?', 'whatIf.hint': 'The recorded requests of this deployment, run again with other idle timeouts.', 'whatIf.ask': 'Work it out', 'whatIf.none': 'No request was recorded yet.', 'whatIf.chart': 'Cost against cold starts', 'whatIf.words': 'Now {today} and {starts} cold starts; adaptive: {adaptive} and {fewer}.', 'whatIf.basis': '{n} requests from {from} to {until}; a start is taken to last {start}.', 'whatIf.today': 'today’s setting', 'whatIf.adaptive': 'adaptive', 'whatIf.always-on': 'always on', 'whatIf.timeouts': 'idle timeouts from 0 to 80 minutes', 'whatIf.setting': 'Idle timeout', 'whatIf.cost': 'Cost', 'whatIf.coldStarts': 'Cold starts', 'whatIf.wait': '95 of 100 wait at most', 'whatIf.refused': 'Refused',
  costs: 'Costs', 'costs.from': 'From', 'costs.to': 'to', 'costs.per': 'per', 'costs.per.whole': 'whole period', 'costs.per.hour': 'hour', 'costs.per.day': 'day', 'costs.per.week': 'week', 'costs.per.month': 'month',
  'costs.deployment': 'Deployment', 'costs.gpu-model': 'GPU model', 'costs.caller': 'Caller', 'costs.period': 'From', 'costs.total': 'Total', 'costs.starting': 'Starting', 'costs.busy': 'Busy', 'costs.idle': 'Idle', 'costs.asleep': 'Asleep', 'costs.releasing': 'Releasing',
  'costs.none': '(none)', 'costs.sum': '{sum} in all; days of {zone}', 'costs.empty': 'Nothing was charged in that time.', 'costs.more': '{n} more lines are in the CSV and the JSON.', 'costs.takenOver': 'Some of it is from a ledger that kept no prices, at the prices of the day on which it was taken over.',
  gpus: 'GPUs', 'gpus.gpu': 'GPU {id}', 'gpus.free': 'Nobody has it.', 'gpus.share': '{size} of its memory', 'gpus.busy': 'busy, {n} in flight', 'gpus.idle': 'idle', 'gpus.nobodys': 'no deployment', 'gpus.nobodyWaits': 'Nobody waits.', 'gpus.together': 'All instances together', 'gpus.instancesOf': '{n} of at most {most} instances', 'gpus.memoryOf': '{size} of {most} of the host\'s memory', 'gpus.swaps': '{n} swaps in the last day', 'gpus.lineOf': 'The last day of GPU {id}: {n} swaps', 'gpus.empty': 'The provider knows no GPUs, and no instance has one.',
  'reason.idle': 'idle', 'reason.start-failed': 'its start failed', 'reason.exited': 'it ended by itself', 'reason.updated': 'the deployment was changed', 'reason.requested': 'asked for', 'reason.removed': 'the deployment was deleted', 'reason.closed': 'the engine is closing', 'reason.orphaned': 'left behind by an earlier process', 'reason.made-room': 'another deployment needs the GPU', 'reason.no-room': 'there was no room', 'reason.unhealthy': 'it no longer answers', 'reason.hung': 'a request hung on it', 'reason.gpu-lost': 'it lost its GPU', 'reason.too-old': 'it is too old', 'reason.sleep-failed': 'it did not sleep or wake',
  starting: 'Starting an instance', startProgress: '{time} so far; usually {typical}', startProgressFirst: '{time} so far; it is the first start, so nobody knows how long it takes', stepProgress: '{step}: {percent}%',
  layers: 'Layers of the image', 'stage.image': 'Image', 'stage.start': 'Start', 'stage.ready': 'Ready',
  'part.waiting': 'waiting', 'part.downloading': 'downloading', 'part.unpacking': 'unpacking', 'part.done': 'done', kilobytes: '{n} kB', megabytes: '{n} MB', gigabytes: '{n} GB',
  degraded: 'The next start lacks something', unpriced: 'No price applies', allThere: 'What the next start needs is there again', lastProbe: 'The last probe said: {text}', lastFailure: 'The last start failed', attempts: 'attempt {n}', retryIn: 'Next start in {time}.', exitCode: 'Exit code {code}.', oom: 'Out of memory.',
  log: 'Log', logOf: 'Log of {id}', noLog: 'No instance writes at the moment. Lines show here as soon as one starts.', logEnded: 'The instance has ended.', logEmpty: 'Nothing written yet.', follow: 'Follow',
  settings: 'Settings', since: 'Since', sinceMade: 'since {time}', none: 'none', never: 'never', engineDefault: 'default of the engine', unlimited: 'no limit',
  eventsEmpty: 'Nothing has happened since the page’s application started. Make a deployment and call its link: every step shows here.', allDeployments: 'All deployments', time: 'Time', what: 'What', deployment: 'Deployment',
  'event.created': 'Deployment made', 'event.updated': 'Deployment changed', 'event.removed': 'Deployment deleted', 'event.degraded': '{message}', 'event.status-changed': '{from} → {to}', 'event.instance-starting': 'Instance is starting: {reason}', 'event.instance-starting-expected': 'Instance is starting: {reason} (expected: {expected})', 'event.instance-ready': 'Instance is ready after {seconds}', 'event.instance-ready-expected': 'Instance is ready after {seconds} (expected: {expected})', 'event.instance-adopted': 'Instance is taken over from an earlier process', 'event.instance-start-failed': 'Start failed: {message}', 'event.instance-exited': 'Instance ended by itself: {message}', 'event.waits-for-room': '{message}', 'event.instance-makes-room': 'Instance makes room for {message}', 'event.instance-asleep': 'Instance sleeps after {seconds}', 'event.instance-asleep-for': 'Instance sleeps after {seconds}, to make room for {message}', 'event.instance-woken': 'Instance is awake after {seconds}', 'event.instance-replaced': 'Instance is replaced: {message}', 'event.instance-draining': 'Instance drains: {reason}', 'event.instance-releasing': 'Instance is being released: {reason}', 'event.instance-release-failed': 'Release not confirmed: {message}', 'event.instance-released': 'Instance is released after {seconds}, cost {cost}',
  sec: '{n} s', min: '{m} min {s} s', wholeMin: '{m} min', hrs: '{h} h {m} min', days: '{d} d {h} h', lessThan: '<{amount}', ms: '{n} ms',
};

const ja = {
  title: 'Auto Deploy', skip: '本文へ移動', deployments: 'デプロイ一覧', events: 'イベント',
  newDeploy: '新規デプロイ', live: 'ライブ', connecting: '接続中…', lost: '切断されました。再接続しています…',
  readOnly: '閲覧のみ', readOnlyHint: 'このページは閲覧専用です。操作はホストアプリケーションが .actions(true) で有効にします。',
  signIn: 'サインイン', signOut: 'サインアウト', 'signIn.user': 'ユーザー', 'signIn.password': 'パスワード', 'signIn.wrong': 'ユーザーまたはパスワードが違います。', 'signIn.wait': '試行回数が多すぎます。1 分待ってからもう一度お試しください。',
  readOnlyUser: 'このユーザーは閲覧のみで、変更はできません。',
  audit: '監査', 'audit.text': 'アプリケーションの起動後、このページと API から行われた直近 1000 件の操作です。すべての操作はアプリケーションのログにあります。', 'audit.empty': 'まだ操作はありません。',
  'audit.at': '時刻', 'audit.user': 'ユーザー', 'audit.what': '操作', 'audit.detail': '内容', 'audit.outcome': '結果', 'audit.nobody': '（サインインなし）',
  'audit.create': '作成', 'audit.update': '変更', 'audit.remove': '削除', 'audit.start': '起動', 'audit.release': '解放', 'audit.snapshot': 'スナップショット', 'audit.sign-in': 'サインイン', 'audit.sign-out': 'サインアウト',
  'audit.done': '完了', 'audit.accepted': '受付済み', 'audit.session expired': 'セッション期限切れ',
  loading: '読み込み中…', search: 'デプロイを検索', found: '{all} 件中 {shown} 件を表示', all: 'すべて', more: 'さらに表示',
  standby: 'スタンバイ', idle: 'アイドル', running: '実行中',
  standbyHint: '設定済みで、インスタンスはありません', idleHint: 'インスタンスを作成中または解放中です', runningHint: 'インスタンスがリクエストを処理中、または待機中です',
  'phase.none': 'インスタンスなし', 'phase.starting': '起動中', 'phase.draining': '処理完了待ち', 'phase.releasing': '解放中',
  'phase.falling-asleep': 'スリープへ移行中', 'phase.asleep': 'スリープ中', 'phase.waking': '復帰中',
  'phase.backing-off': '起動に失敗、再試行待ち', 'phase.in-line': 'GPUの順番待ち', 'inLine': 'GPUの順番待ち', 'phase.failed': '直近の起動に失敗', failed_: '失敗', failed_Hint: '直近の起動に失敗し、その後成功していません', failedAt: '{time}: {message}', 'phase.busy': '処理中', 'phase.waiting': 'リクエスト待ち', 'phase.ready': '準備完了', 'phase.idle': '待機',
  name: '名前', description: '説明', status: '状態', instanceStatus: 'インスタンスの状態', link: 'サービスリンク', instances: 'インスタンス', requests: 'リクエスト', cost: '費用',
  copy: 'コピー', copied: 'コピーしました', copyLink: '{name} のリンクをコピー', noLink: 'リンクなし', inFlight: '処理中 {n}', pending: '待ち {n}', noRequests: 'なし', usedSoFar: '累計 {n} 件、コールド {c} 件',
  release: '解放', releaseIn: '解放まで', releaseInTime: 'あと {time}', notScheduled: '–', releaseNow: 'まもなく',
  soFar: '累計', thisMonth: '今月', alwaysOn: '常時稼働の場合', saved: '節約', alwaysOnHint: '停止しないインスタンス 1 台の場合にかかったはずの費用',
  totals: '合計', runningNow: '実行中', ofAll: '/ {n} 件',
  emptyTitle: 'デプロイはまだありません', emptyText: 'デプロイは、呼び出されない間は費用がかからないサービスです。リンクへの最初のリクエストでインスタンスが起動し、リクエストがなくなると解放されます。',
  emptyStep1: '名前・イメージ・ポート・起動コマンドを決めてデプロイを作成します。', emptyStep2: 'サービスリンクをアプリケーションに設定します。', emptyStep3: '呼び出すと、スタンバイから実行中になり、また戻る様子が見えます。',
  emptyReadOnly: 'デプロイはホストアプリケーションが autoDeploy.deploy(…) で宣言します。ここで作成するには操作を有効にしてください。',
  nothingFound: '検索に一致するデプロイはありません。', gone: 'デプロイ「{name}」はありません。削除された可能性があります。', back: 'デプロイ一覧へ戻る',
  'form.title': '新規デプロイ', 'form.edit': '{name} を編集', 'form.basics': '基本情報', 'form.environment': '実行環境', 'form.service': '起動方法', 'form.scaling': 'スケールと費用', 'form.more': 'その他の設定',
  'form.name': '名前', 'form.nameHint': 'リンクの一部になります。英小文字で始まり、英小文字・数字・ハイフンが使えます。',
  'form.description': '説明', 'form.descriptionHint': '人が読むための短い説明です。',
  'form.gpu': 'GPU', 'form.gpuNone': 'なし', 'form.gpuAll': 'すべて', 'form.gpuCount': 'GPU {n} 枚', 'form.gpuById': '指定する', 'form.gpuIds': 'GPU の ID', 'form.gpuIdsHint': 'インデックスまたは UUID をカンマ区切りで。同じ GPU を指定したデプロイは交代で使います。', 'form.gpuMemory': '各 GPU のメモリ（GiB）', 'form.gpuWhole': 'GPU 全体', 'form.gpuMemoryHint': '合計が収まる限り、複数のデプロイが1枚の GPU を共有します。空欄なら GPU 全体を使います。', 'form.gpuMemoryWrong': '0 より大きい GiB の数、または空欄にしてください。', 'form.gpuModel': 'GPU の機種', 'form.anyModel': '指定なし',
  'form.source': '環境', 'form.sourceImage': 'イメージ', 'form.sourceSnapshot': 'スナップショット', 'form.sourceNone': 'なし（ローカルプロセス）',
  'form.image': 'イメージ', 'form.imageHint': 'プロバイダーでの名前です（例: breezyvoice:latest）。', 'form.snapshot': 'スナップショット', 'form.snapshotHint': '以前に保存したインスタンスの状態です。',
  'form.snapshotOf': '{name} から作成、{size}、{time}。', 'form.snapshotWithout': '{paths} の中身は含まれません。',
  'form.arguments': '引数', 'form.argumentsHint': 'イメージのエントリポイントへの引数です。1 行に 1 つ。起動コマンドとは併用できません。', 'form.healthCheck': 'イメージの HEALTHCHECK',
  'form.port': 'ポート', 'form.portHint': 'サービスが待ち受けるポートです。', 'form.startCommand': '起動コマンド', 'form.startCommandHint': 'シェルの 1 行です。空欄ならイメージの既定の起動を使います。',
  'form.idle': 'インスタンスのアイドル保持時間', 'form.idleHint': 'リクエストがないとき、インスタンスを保持する時間（分）です。', 'form.minutes': '分', 'form.custom': 'アプリケーションで設定済み', 'form.portAnswers': 'ポートが接続を受け付けること',
  'form.max': 'インスタンスの最大数', 'form.maxHint': '1〜1000。', 'form.price': '1 時間あたりの料金', 'form.priceHint': 'インスタンス 1 台の料金です。空欄ならホストアプリケーションの料金を使います。', 'form.currency': '通貨',
  'form.concurrency': '同時リクエスト数', 'form.concurrencyHint': '1 台が同時に処理するリクエスト数です。空欄なら無制限です。', 'form.health': 'ヘルスチェックのパス', 'form.healthHint': 'このパスへの GET が成功したら準備完了です。HEALTHCHECK と書くとイメージ自身の検査を使います。空欄ならポートが接続を受け付けた時点です。',
  'form.probeMethod': 'ヘルスチェックのメソッド', 'form.probeTimeout': 'タイムアウト（秒）', 'form.probeTimeoutHint': '応答を待つ時間です。空欄なら 10 秒です。', 'form.probeBody': '応答に含まれる文字列', 'form.probeBodyHint': '空欄なら問いません。', 'form.probeHeaders': 'ヘッダー', 'form.probeHeadersHint': '1 行に 1 つ Name: value の形で書きます。${NAME} は環境変数の値になります。その他の値は *** と表示されます。', 'form.headerLine': '各行は Name: value の形にしてください（{n} 行目）。', 'form.probeInterval': 'プローブの間隔（秒）', 'form.probeIntervalHint': '空欄なら 1 ミリ秒から 100 ミリ秒まで延びます。', 'form.probeThreshold': '連続して成功すべき回数', 'form.startTimeout': '起動の上限（秒）', 'form.startTimeoutHint': 'プロセスまたはコンテナの起動から準備完了までです。', 'form.startTimeoutFactor': '起動実績に対する倍率', 'form.startTimeoutFactorHint': '起動の 95% が収まる時間の何倍まで待つかです（長い方を使います）。空欄なら左の時間だけです。', 'form.liveness': '生存確認のパス', 'form.livenessInterval': '確認の間隔（秒）', 'form.livenessThreshold': '交換までの連続失敗回数', 'form.livenessHint': '処理中でないときに確認し、続けて失敗したインスタンスを交換します。空欄なら確認しません。', 'form.maxRequestTime': '最長のリクエスト（秒）', 'form.maxRequestTimeHint': '超えると504を返し、インスタンスを交換します。', 'form.maxLifetime': '最長の寿命（秒）', 'form.maxLifetimeHint': '超えたインスタンスは、処理中でないときに交換します。', 'form.memory': 'インスタンスのメモリ（GiB）', 'form.memoryHint': '超えるとメモリ不足として終了されます。', 'form.cpus': 'インスタンスのプロセッサ数', 'form.cpusHint': '同時に使える数です（例: 1.5）。', 'form.maxProcesses': 'インスタンスのプロセス数', 'form.maxProcessesHint': 'プロセスとスレッドの合計で、10 以上です。', 'form.sleepMode': 'スリープ方式', 'form.sleepModeHint': '待機中のインスタンスが解放されずに GPU を空ける方法です。', 'sleep.none': 'スリープしない', 'sleep.vllm': 'vLLM レベル 1', 'sleep.vllm-2': 'vLLM レベル 2', 'sleep.sglang': 'SGLang', 'sleep.own': '独自のリクエスト', 'form.sleepAfter': 'スリープまでの時間（分）', 'form.sleepAfterHint': 'リクエストがない時間です。保持時間より短くします。空欄なら、他に譲るときだけスリープします。', 'form.prepareAhead': 'イメージを事前に取得', 'form.prepareAheadHint': '最初の起動時ではなく、作成・変更時に取得します。',
  'form.budget': '予算', 'form.budgetHint': '使ってよい上限。通貨コード、または GPU 時間。空欄: 上限なし。', 'form.budgetPeriod': '予算の期間', 'form.budgetEnd': '使い切ったとき', 'form.budgetUnit': '予算の通貨、または GPU 時間', 'budget.day': '/日', 'budget.week': '/週', 'budget.month': '/月', 'budget.total': '合計', 'budget.drain': '処理中のリクエストを終える', 'budget.cut': '打ち切る', budget: '予算', 'budget.of': '{limit} {period} の {percent}%', 'budget.exhausted': '予算を使い切りました: {limit} {period} のうち {spent}。リクエストは拒否されます。', 'budget.noStart': '予算の残りでは起動できません: {limit} {period} のうち {spent}。', 'budget.resets': '次の期間: {time}。', gpuHours: '{n} GPU 時間', 'event.budget-used': '予算の {percent}% を使用', 'reason.budget': '予算を使い切った', 'event.engine-budget-used': '全デプロイメントの予算の {percent}% を使用', 'engineBudget': '全デプロイメントの予算', 'engineBudget.none': '全デプロイメントの合計に上限はありません。', 'engineBudget.hint': '全デプロイメント（削除済みを含む）で使ってよい上限。空欄: 上限なし。', 'engineBudget.save': '予算を設定', 'engineBudget.saved': '予算を設定しました', 'audit.budget': '予算', startEstimate: '起動時間', 'startEstimate.p95': '95% は {p95} 以内（{n} 回の起動から）', 'error.budget': '予算の金額と通貨を確認してください。',
  'form.schedule': 'スケジュール', 'form.scheduleHint': '1 行に 1 つの時間帯（現地時刻）: MON-FRI 08:30-18:00 warm 1、SAT,SUN 00:00-24:00 closed、daily 18:00-22:00 idle 1（分）。', 'form.scheduleZone': 'スケジュールのタイムゾーン', 'form.scheduleLine': '各行は MON-FRI 08:30-18:00 warm 1 のように、曜日・時刻・warm / idle / closed を書いてください（{n} 行目）。', 'schedule.closed': 'スケジュールにより {time} まで停止中', 'schedule.closedAlways': 'スケジュールにより停止中', 'schedule.warm': 'スケジュールにより {time} まで {n} 台を維持', 'schedule.idle': 'スケジュールにより {time} まで待機インスタンスを {timeout} 維持', 'schedule.next': '次のスケジュールの時間帯: {time}', 'event.schedule-changed-closed': 'スケジュールにより停止', 'event.schedule-changed-open': 'スケジュールにより再開', 'event.schedule-changed-warm': 'スケジュールにより {n} 台を維持', 'error.schedule': '曜日・時刻・時間帯の内容を確認してください。',
  'form.env': '環境変数', 'form.envHint': '1 行に 1 つ NAME=value の形で書きます。値は二度と表示されません。', 'form.envKept': '設定済み: {names}。ここに書いたものが追加されます。',
  'form.confirm': '確認', 'form.save': '保存', 'form.cancel': 'キャンセル', 'form.wrong': '確認が必要な項目があります。', 'form.envLine': '各行は NAME=value の形にしてください（{n} 行目）。',
  'made.title': '{name} をデプロイしました', 'made.text': 'まだ何も動いておらず、費用もかかっていません。リンクへの最初のリクエストでインスタンスが起動し、その応答が同じ呼び出しで返ります。', 'made.watch': '{name} を見る', 'made.another': '新規デプロイ',
  curl: '試してみる', 'curl.kind': 'リクエストの種類', 'curl.plain': '単純な GET', 'curl.speech': '音声合成', 'curl.chat': 'チャット', copyCurl: 'コマンドをコピー',
  start: '起動', prepare: '事前取得', cancelPrepare: '取得を中止', preparing: '事前取得中', 'done.prepare': '{name}: 事前取得を開始しました', 'done.cancelPrepare': '{name}: 事前取得を中止しました', 'audit.prepare': '事前取得', 'event.prepared': '{seconds}で事前取得しました', 'event.prepared-failed': '事前取得に失敗: {message}', 'event.prepared-nothing': '取得するものはありませんでした', drain: '解放', force: '強制解放', snapshot: 'スナップショット', edit: '編集', delete: '削除', declaredIn: '{file} で宣言されています。変更はそこで行います',
  'ask.force': '{name} のすべてのインスタンスを直ちに解放しますか？処理中のリクエストは打ち切られます。', 'ask.delete': '{name} を削除しますか？インスタンスは解放され、リンクは使えなくなります。これまでの費用は記録に残ります。', 'ask.snapshot': 'スナップショットの名前', 'ask.volumes': 'ボリュームの中身も含める', cancel: 'キャンセル',
  'done.start': '{name}: 起動を要求しました', 'done.release': '{name}: 解放を要求しました', 'done.snapshot': '{name}: スナップショットを作成しています', 'done.remove': '{name}: 削除しています', 'made.snapshot': '{name}: スナップショット {result} を作成しました', failed: '{name}: {message}', failedPlain: '失敗しました: {message}', saved_: '{name}: 保存しました',
  overview: '概要', history: '履歴', window: '期間', hour: '1 時間', day: '1 日', week: '1 週間',
  timeline: 'インスタンスのタイムライン', requestsChart: 'リクエストとコールドスタート', startsChart: '起動時間', costChart: '費用（常時稼働との比較）',
  'seg.starting': '起動', 'seg.busy': '処理', 'seg.idle': '待機', 'seg.ready': '準備完了（内訳の記録なし）', 'seg.asleep': 'スリープ', 'seg.releasing': '解放', costParts: '費用の内訳', warm: 'リクエスト', cold: 'コールドスタート', spent: '実費',
  noInstances: 'この期間にインスタンスはありません。リンクを呼び出すと起動します。', noRequestsYet: 'この期間にリクエストはありません。', noStarts: 'この期間に起動はありません。', recordedSince: 'リクエスト数は {time} から数えています。', leftOut: '古いインスタンス {n} 台は表示していません。',
  timelineText: '{from}〜{to} のインスタンス {n} 台', requestsText: 'リクエスト {n} 件、うちコールドスタート待ち {c} 件', startsText: '起動 {n} 回、標準 {time}', costText: '実費 {spent}、常時稼働なら {always}',
  instance: 'インスタンス', phase: '段階', startedAt: '開始', readyIn: '準備完了まで', why: '理由', noInstanceNow: 'インスタンスはなく、費用もかかっていません。最初のリクエストで起動します。',
  'reason.request': 'リクエスト', 'reason.demand': 'リクエストが待っていた', 'reason.scale-out': 'scale-out の指定', 'reason.minimum': '最小台数', 'reason.expected': 'リクエストの予測', 'reason.adopted': '以前のプロセスから引き継ぎ',
  whatIf: 'もしも', 'whatIf.hint': '記録されたリクエストを、別のアイドル時間で再現します。', 'whatIf.ask': '計算する', 'whatIf.none': 'リクエストの記録がまだありません。', 'whatIf.chart': 'コストとコールドスタート', 'whatIf.words': '現在 {today}、コールドスタート {starts} 回。adaptive: {adaptive}、{fewer} 回。', 'whatIf.basis': '{from}〜{until} のリクエスト {n} 件。起動時間は {start} とします。', 'whatIf.today': '現在の設定', 'whatIf.adaptive': 'adaptive', 'whatIf.always-on': '常時稼働', 'whatIf.timeouts': 'アイドル時間 0〜80 分', 'whatIf.setting': 'アイドル時間', 'whatIf.cost': 'コスト', 'whatIf.coldStarts': 'コールドスタート', 'whatIf.wait': '95% の待ち時間', 'whatIf.refused': '拒否',
  costs: 'コスト', 'costs.from': '開始日', 'costs.to': '終了日', 'costs.per': '単位', 'costs.per.whole': '全期間', 'costs.per.hour': '時間', 'costs.per.day': '日', 'costs.per.week': '週', 'costs.per.month': '月',
  'costs.deployment': 'デプロイ', 'costs.gpu-model': 'GPU モデル', 'costs.caller': '呼び出し元', 'costs.period': '開始', 'costs.total': '合計', 'costs.starting': '起動', 'costs.busy': '処理', 'costs.idle': '待機', 'costs.asleep': 'スリープ', 'costs.releasing': '解放',
  'costs.none': '（なし）', 'costs.sum': '合計 {sum}（{zone} の日付）', 'costs.empty': 'この期間に課金はありません。', 'costs.more': '残り {n} 行は CSV と JSON にあります。', 'costs.takenOver': '一部は価格を記録していない台帳から、引き継いだ日の価格で計算されています。',
  gpus: 'GPU', 'gpus.gpu': 'GPU {id}', 'gpus.free': '空いています。', 'gpus.share': 'メモリ {size}', 'gpus.busy': '処理中（{n} 件）', 'gpus.idle': '待機中', 'gpus.nobodys': 'デプロイなし', 'gpus.nobodyWaits': '順番待ちはありません。', 'gpus.together': '全インスタンス合計', 'gpus.instancesOf': 'インスタンス {n} / 最大 {most}', 'gpus.memoryOf': 'ホストのメモリ {size} / {most}', 'gpus.swaps': '過去1日の入れ替え: {n} 回', 'gpus.lineOf': 'GPU {id} の過去1日: 入れ替え {n} 回', 'gpus.empty': 'GPUの情報がなく、使用中のインスタンスもありません。',
  'reason.idle': 'アイドル', 'reason.start-failed': '起動失敗', 'reason.exited': '自ら終了', 'reason.updated': 'デプロイの変更', 'reason.requested': '要求による', 'reason.removed': 'デプロイの削除', 'reason.closed': 'エンジンの終了', 'reason.orphaned': '以前のプロセスの残り', 'reason.made-room': '別のデプロイがGPUを使う', 'reason.no-room': '空きがない', 'reason.unhealthy': '応答しない', 'reason.hung': 'リクエストが停止した', 'reason.gpu-lost': 'GPUを失った', 'reason.too-old': '寿命に達した', 'reason.sleep-failed': 'スリープまたは復帰に失敗',
  starting: 'インスタンスを起動しています', startProgress: '経過 {time}、通常は {typical}', startProgressFirst: '経過 {time}（初回のため所要時間は不明）', stepProgress: '{step}: {percent}%',
  layers: 'イメージのレイヤー', 'stage.image': 'イメージ', 'stage.start': '起動', 'stage.ready': '準備完了',
  'part.waiting': '待機中', 'part.downloading': 'ダウンロード中', 'part.unpacking': '展開中', 'part.done': '完了',
  degraded: '次の起動に必要なものが足りません', unpriced: '料金が設定されていません', allThere: '次の起動に必要なものが再びそろいました', lastProbe: '最後のプローブの応答: {text}', lastFailure: '直近の起動に失敗しました', attempts: '{n} 回目', retryIn: '次の起動まで {time}。', exitCode: '終了コード {code}。', oom: 'メモリ不足。',
  log: 'ログ', logOf: '{id} のログ', noLog: '現在ログを書いているインスタンスはありません。起動するとここに表示されます。', logEnded: 'インスタンスは終了しました。', logEmpty: 'まだ出力がありません。', follow: '追従',
  settings: '設定', since: '開始', sinceMade: '{time} から', none: 'なし', never: 'しない', engineDefault: 'エンジンの既定', unlimited: '無制限',
  eventsEmpty: 'アプリケーションの起動後、まだ何も起きていません。デプロイを作成してリンクを呼び出すと、各段階がここに表示されます。', allDeployments: 'すべてのデプロイ', time: '時刻', what: '内容', deployment: 'デプロイ',
  'event.created': 'デプロイを作成', 'event.updated': 'デプロイを変更', 'event.removed': 'デプロイを削除', 'event.degraded': '{message}', 'event.status-changed': '{from} → {to}', 'event.instance-starting': 'インスタンスを起動中: {reason}', 'event.instance-starting-expected': 'インスタンスを起動中: {reason}（予測 {expected}）', 'event.instance-ready': '{seconds}で準備完了', 'event.instance-ready-expected': '{seconds}で準備完了（予測 {expected}）', 'event.instance-adopted': 'インスタンスを以前のプロセスから引き継ぎました', 'event.instance-start-failed': '起動失敗: {message}', 'event.instance-exited': 'インスタンスが自ら終了: {message}', 'event.waits-for-room': '{message}', 'event.instance-makes-room': '{message} に場所を空けます', 'event.instance-asleep': 'インスタンスが {seconds} でスリープしました', 'event.instance-asleep-for': 'インスタンスが {message} のために {seconds} でスリープしました', 'event.instance-woken': 'インスタンスが {seconds} で復帰しました', 'event.instance-replaced': 'インスタンスを交換: {message}', 'event.instance-draining': '処理完了を待って解放: {reason}', 'event.instance-releasing': 'インスタンスを解放中: {reason}', 'event.instance-release-failed': '解放を確認できません: {message}', 'event.instance-released': '{seconds}で解放完了、費用 {cost}',
  sec: '{n} 秒', min: '{m} 分 {s} 秒', wholeMin: '{m} 分', hrs: '{h} 時間 {m} 分', days: '{d} 日 {h} 時間', lessThan: '<{amount}', ms: '{n} ミリ秒',
  // The server's messages about fields are English; these stand for them.
  'error.name': '英小文字で始まる 1〜63 文字（英小文字・数字・ハイフン、末尾はハイフン以外）で、他と重ならない名前にしてください。',
  'error.port': '0〜65535 の整数を入力してください。', 'error.description': '1000 文字以内にしてください。', 'error.gpu': 'GPU の指定を確認してください。',
  'error.image': 'イメージの名前を確認してください。', 'error.snapshot': 'スナップショットの名前を確認してください。', 'error.startCommand': '起動コマンドを確認してください。',
  'error.idleTimeout': '0 以上の時間を入力してください。', 'error.maxInstances': '1〜1000 の整数を入力してください。', 'error.pricePerHour': '0 以上の金額と通貨コード（例: USD）を入力してください。',
  'error.memoryBytes': '6 MiB 以上の数を GiB で入力してください。', 'error.cpus': '0.01〜10000 の数を入力してください。', 'error.maxProcesses': '10 以上の整数を入力してください。',
  'error.concurrency': '1 以上の整数を入力してください。', 'error.readiness': '/ で始まるパスを入力してください。', 'error.environment': '環境変数の名前と値を確認してください。',
};

function pick() {
  for (const language of navigator.languages || [navigator.language]) {
    if (language.toLowerCase().startsWith('ja')) return 'ja';
    if (language.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

export const language = pick();
const words = language === 'ja' ? ja : en;
const locale = (navigator.languages || []).find((l) => l.toLowerCase().startsWith(language)) || language;

export function t(key, values = {}) {
  const text = words[key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const known = (key) => key in words;

// What is wrong at a field: the server's words, or their translation.
export function fieldError(error) {
  const key = 'error.' + error.field;
  return language !== 'en' && known(key) ? t(key) : error.message;
}

export function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s > 0 && s < 0.1) return t('ms', { n: Math.max(1, Math.round(s * 1000)) });
  if (s < 10 && s !== Math.round(s)) return t('sec', { n: s.toFixed(1) });
  const whole = Math.round(s);
  if (whole < 60) return t('sec', { n: whole });
  if (whole < 3600 && whole % 60 === 0) return t('wholeMin', { m: whole / 60 });
  if (whole < 3600) return t('min', { m: Math.floor(whole / 60), s: whole % 60 });
  if (whole < 86400) return t('hrs', { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
  return t('days', { d: Math.floor(whole / 86400), h: Math.floor((whole % 86400) / 3600) });
}

const formats = new Map();

function format(currency, digits, least = digits) {
  const key = currency + digits + '/' + least;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(locale, { style: 'currency', currency, minimumFractionDigits: least, maximumFractionDigits: digits }));
  }
  return formats.get(key);
}

// Small amounts keep the digits that show that they grow.
export function money(amount, currency) {
  const value = Number(amount);
  const digits = value === 0 || value >= 10 ? 2 : value >= 1 ? 3 : 4;
  if (value > 0 && value < 0.0001) return t('lessThan', { amount: format(currency, 4).format(0.0001) });
  return format(currency, digits).format(value);
}

// Prices and scales do not grow: no more digits than there are.
export const price = (amount, currency) => format(currency, 6, 2).format(Number(amount));

export function bytes(n) {
  if (n < 1e6) return t('kilobytes', { n: number(Math.ceil(n / 1e3)) });
  return n < 1e9 ? t('megabytes', { n: number(Math.round(n / 1e5) / 10) }) : t('gigabytes', { n: number(Math.round(n / 1e7) / 100) });
}

export const number = (n) => new Intl.NumberFormat(locale).format(n);

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minutes = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const moment = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' });

export const timeOf = (moment) => clock.format(new Date(moment));
export const minuteOf = (moment) => minutes.format(new Date(moment));
export const dateOf = (moment) => date.format(new Date(moment));
export const momentOf = (at) => moment.format(new Date(at));
export const dayOf = (moment) => day.format(new Date(moment));
