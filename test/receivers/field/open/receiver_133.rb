# frozen_string_literal: true

# Records events at once. A projection of the leads follows in steps of 0.8 seconds.

require 'json'
require 'openssl'
require 'sqlite3'
require 'time'
require 'webrick'

STEP = 0.8
SIGNATURE = 'X-SendEmAll-Signature'

TABLES = <<~SQL
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS projection (email TEXT PRIMARY KEY, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS progress (number INTEGER NOT NULL);
SQL

# The record of events and the projection that is made of it.
class Ledger
  NEW_LEAD = { 'suppressed' => false, 'unsubscribed' => false, 'open_count' => 0, 'sentiment' => nil, 'at' => 0 }.freeze

  attr_writer :unreachable

  def initialize(path)
    @db = SQLite3::Database.new(path)
    @db.execute_batch(TABLES)
    @db.execute('INSERT INTO progress SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM progress)')
    @mutex = Mutex.new
    @unreachable = false
  end

  def record(event, body)
    @mutex.synchronize do
      next if @db.get_first_value('SELECT 1 FROM record WHERE id = ?', [event['id']])
      raise Errno::ECONNREFUSED if @unreachable

      @db.execute('INSERT INTO record (id, type, body) VALUES (?, ?, ?)', [event['id'], event['event'], body])
    end
  end

  def effects(id)
    @mutex.synchronize { @db.get_first_value('SELECT count(*) FROM record WHERE id = ?', [id]) }
  end

  def lead(email)
    @mutex.synchronize do
      state = load(email)
      state&.except('at')&.merge('rates' => { 'bounce_rate' => bounce_rate })
    end
  end

  # What was recorded since the last step, and how far that goes, in one transaction.
  def project
    @mutex.synchronize do
      from = @db.get_first_value('SELECT number FROM progress')
      rows = @db.execute('SELECT number, body FROM record WHERE number > ? ORDER BY number', [from])
      next if rows.empty?

      @db.transaction do
        rows.each { |_, body| project_one(JSON.parse(body)) }
        @db.execute('UPDATE progress SET number = ?', [rows.last.first])
      end
    end
  end

  private

  def load(email)
    state = @db.get_first_value('SELECT state FROM projection WHERE email = ?', [email])
    state && JSON.parse(state)
  end

  def bounce_rate
    counts = @db.execute('SELECT type, count(*) FROM record GROUP BY type').to_h
    sent = counts.fetch('email.sent', 0)
    [1, counts.fetch('email.bounced', 0).fdiv(sent)].min if sent.positive?
  end

  def project_one(event)
    email = event['data']['lead_email']
    return unless email.is_a?(String)

    state = (load(email) || NEW_LEAD).merge(difference(event, load(email) || NEW_LEAD))
    @db.execute('INSERT OR REPLACE INTO projection VALUES (?, ?)', [email, JSON.generate(state)])
  end

  def difference(event, state)
    data = event['data']
    case event['event']
    when 'email.bounced'
      { 'suppressed' => state['suppressed'] || data['bounce_type'] == 'hard' }
    when 'email.unsubscribed'
      { 'unsubscribed' => true, 'suppressed' => state['suppressed'] || data['suppressed_globally'] == true }
    when 'email.opened'
      { 'open_count' => [state['open_count'], data['open_count']].grep(Numeric).max.clamp(0, 2**53) }
    when 'email.replied'
      at = Time.iso8601(event['timestamp']).to_f
      at < state['at'] ? {} : { 'at' => at, 'sentiment' => data['reply_sentiment'] }
    else {}
    end
  end
end

# Turns requests into records.
class Endpoint < WEBrick::HTTPServlet::AbstractServlet
  def do_POST(request, response)
    request.continue
    response.status = status_of(request, request.body.to_s)
  end

  def do_GET(_request, response)
    response.status = 405
  end

  alias do_PUT do_GET
  alias do_DELETE do_GET

  private

  def status_of(request, body)
    return 404 if request.path != '/webhooks/sendemall'
    return 401 unless genuine?(body, request[SIGNATURE].to_s)

    text = body.dup.force_encoding('UTF-8')
    event = parse(text)
    return 400 unless event

    @options.first.record(event, text) if event['event'].start_with?('email.', 'campaign.')
    201
  rescue SystemCallError
    503
  end

  def genuine?(body, signature)
    digest = OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)
    OpenSSL.secure_compare("sha256=#{digest}", signature)
  end

  def parse(text)
    event = JSON.parse(text)
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless %w[id event timestamp].all? { |member| event[member].is_a?(String) }

    Time.iso8601(event['timestamp'])
    JSON.generate([event.values_at('id', 'event'), event['data'].values_at('lead_email', 'reply_sentiment')])
    event
  rescue JSON::JSONError, EncodingError, ArgumentError
    nil
  end
end

# Test hooks.
class Hooks < WEBrick::HTTPServlet::AbstractServlet
  def do_GET(request, response)
    _, kind, key = request.unparsed_uri.split('/', 3)
    key = WEBrick::HTTPUtils.unescape(key).force_encoding('UTF-8')
    found = kind == 'effects' ? { count: ledger.effects(key) } : ledger.lead(key)
    response.status = 404 unless found
    response.body = JSON.generate(found)
  end

  def do_POST(request, _response)
    ledger.unreachable = JSON.parse(request.body)['fail']
  end

  private

  def ledger
    @options.first
  end
end

ledger = Ledger.new(ENV.fetch('DATABASE'))
{ 'HOOKS_PORT' => Hooks, 'PORT' => Endpoint }.each do |port, servlet|
  log = WEBrick::Log.new(File::NULL)
  server = WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ENV[port].to_i, AccessLog: [], Logger: log)
  server.mount('/', servlet, ledger)
  Thread.new { server.start }
end
Thread.new do
  loop do
    sleep(STEP)
    ledger.project
  end
end
$stdin.read
exit!
