# frozen_string_literal: true

# Accepts events as jobs. A worker hands them to the CRM, and tries a job again when that fails.

require 'json'
require 'openssl'
require 'sqlite3'
require 'time'
require 'webrick'

# Seconds before each further attempt.
BACKOFF = [0.1, 0.2, 0.4, 0.8].freeze

SCHEMA = <<~SQL
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready',
    attempts INTEGER NOT NULL DEFAULT 0,
    run_at REAL NOT NULL DEFAULT 0,
    error TEXT
  );
  CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, run_at);
  CREATE TABLE IF NOT EXISTS activities (event_id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS contacts (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
  );
SQL

# A database that one thread at a time uses.
class Store
  def initialize(path)
    @db = SQLite3::Database.new(path)
    @db.results_as_hash = true
    @db.execute_batch(SCHEMA)
    @monitor = Monitor.new
  end

  def run(sql, *values)
    @monitor.synchronize { @db.execute(sql, values) }
  end

  def row(sql, *values)
    run(sql, *values).first
  end

  def transaction(&block)
    @monitor.synchronize { @db.transaction(:immediate, &block) }
  end
end

# The CRM and what it knows.
class Crm
  class Unavailable < StandardError; end

  attr_writer :down

  def initialize(store)
    @store = store
    @down = false
  end

  def push(event)
    raise Unavailable, 'The CRM does not answer.' if @down

    @store.run('INSERT INTO activities VALUES (?, ?)', event['id'], event['event'])
    email = event['data']['lead_email']
    return unless email.is_a?(String)

    @store.run('INSERT OR IGNORE INTO contacts (email) VALUES (?)', email)
    changes(event).each { |sql, *values| @store.run("UPDATE contacts SET #{sql}", *values) }
  end

  def contact(email)
    found = @store.row('SELECT * FROM contacts WHERE email = ?', email)
    found && {
      suppressed: found['suppressed'] == 1, unsubscribed: found['unsubscribed'] == 1,
      open_count: found['open_count'], sentiment: found['sentiment'], rates: { bounce_rate: bounce_rate }
    }
  end

  def effects(id)
    @store.row('SELECT count(*) AS n FROM activities WHERE event_id = ?', id)['n']
  end

  private

  def changes(event)
    data = event['data']
    email = data['lead_email']
    case event['event']
    when 'email.bounced'
      data['bounce_type'] == 'hard' ? [['suppressed = 1 WHERE email = ?', email]] : []
    when 'email.unsubscribed'
      everywhere = data['suppressed_globally'] == true ? 1 : 0
      [['unsubscribed = 1, suppressed = max(suppressed, ?) WHERE email = ?', everywhere, email]]
    when 'email.opened'
      count = data['open_count']
      count.is_a?(Numeric) ? [['open_count = max(open_count, ?) WHERE email = ?', [count, 2**60].min.to_i, email]] : []
    when 'email.replied'
      at = Time.iso8601(event['timestamp']).to_f
      [['sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?', data['reply_sentiment']&.to_s, at, email, at]]
    else
      []
    end
  end

  def bounce_rate
    counts = @store.run('SELECT type, count(*) AS n FROM activities GROUP BY type').to_h { |row| row.values_at('type', 'n') }
    sent = counts.fetch('email.sent', 0)
    sent.zero? ? nil : [1, counts.fetch('email.bounced', 0).fdiv(sent)].min
  end
end

# Jobs, from their acceptance to their end.
class Jobs
  def initialize(store, crm)
    @store = store
    @crm = crm
  end

  def accept(event)
    @store.run('INSERT OR IGNORE INTO jobs (id, event) VALUES (?, ?)', event['id'], JSON.generate(event))
  end

  def work
    loop { sleep(0.02) unless run_next }
  end

  private

  def now
    Process.clock_gettime(Process::CLOCK_REALTIME)
  end

  def run_next
    job = @store.row("SELECT * FROM jobs WHERE state = 'ready' AND run_at <= ? ORDER BY run_at, rowid LIMIT 1", now)
    return false if job.nil?

    begin
      @store.transaction do
        @crm.push(JSON.parse(job['event']))
        @store.run("UPDATE jobs SET state = 'done' WHERE id = ?", job['id'])
      end
    rescue StandardError => e
      reschedule(job, e)
    end
    true
  end

  def reschedule(job, error)
    delay = BACKOFF[job['attempts']]
    state = delay ? 'ready' : 'dead'
    @store.run(
      'UPDATE jobs SET state = ?, attempts = attempts + 1, run_at = ?, error = ? WHERE id = ?',
      state, now + delay.to_f, error.message, job['id']
    )
  end
end

# POST /webhooks/sendemall
class Webhook < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, jobs)
    super(server)
    @jobs = jobs
  end

  def service(request, response)
    request.continue
    response.status = status_for(request)
    response.content_type = 'application/json'
    response.body = JSON.generate(status: response.status)
  end

  private

  def status_for(request)
    return 404 unless request.path == '/webhooks/sendemall'

    body = request.body.to_s unless request.request_method == 'GET'
    return 405 unless request.request_method == 'POST'
    return 401 unless authentic?(body, request['X-SendEmAll-Signature'].to_s)

    event = event_in(body)
    return 400 if event.nil?

    @jobs.accept(event) if event['event'].match?(/\A(email|campaign)\./)
    202
  rescue SQLite3::Exception
    503
  end

  def authentic?(body, signature)
    digest = OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)
    OpenSSL.secure_compare("sha256=#{digest}", signature)
  end

  def event_in(body)
    event = JSON.parse(body.dup.force_encoding(Encoding::UTF_8).scrub)
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless event.values_at('id', 'event', 'timestamp').all?(String)

    Time.iso8601(event['timestamp'])
    event['data'].transform_values! { |value| value.is_a?(String) ? value.scrub : value }
    event['id'] = event['id'].scrub
    JSON.generate(event)
    event
  rescue JSON::ParserError, JSON::GeneratorError, JSON::NestingError, ArgumentError
    nil
  end
end

# Hooks for tests.
class Hooks < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, crm)
    super(server)
    @crm = crm
  end

  def service(request, response)
    _, kind, key = request.unparsed_uri.split('/', 3)
    key = WEBrick::HTTPUtils.unescape(key.to_s).force_encoding(Encoding::UTF_8)
    found = { 'effects' => -> { { count: @crm.effects(key) } }, 'leads' => -> { @crm.contact(key) } }[kind]&.call
    if kind == 'fault'
      @crm.down = JSON.parse(request.body)['fail']
      found = {}
    end
    response.status = 404 if found.nil?
    response.body = JSON.generate(found)
  end
end

def start(variable, servlet, argument)
  options = { Port: Integer(ENV.fetch(variable)), BindAddress: '127.0.0.1', AccessLog: [], MaxClients: 300 }
  server = WEBrick::HTTPServer.new(**options, Logger: WEBrick::Log.new(File::NULL))
  server.mount('/', servlet, argument)
  Thread.new { server.start }
end

store = Store.new(ENV.fetch('DATABASE'))
crm = Crm.new(store)
jobs = Jobs.new(store, crm)
Thread.new { jobs.work }
start('HOOKS_PORT', Hooks, crm)
start('PORT', Webhook, jobs)
$stdin.read
exit!
