# frozen_string_literal: true

# WEBrick enqueues; one background thread works. At most one job per lead is in the queue, so that the
# events of a lead never run side by side.

require 'json'
require 'openssl'
require 'sqlite3'
require 'time'
require 'webrick'

module Queueing
  TICK = 0.12

  def self.open(path)
    db = SQLite3::Database.new(path)
    db.busy_timeout = 10_000
    db.results_as_hash = true
    db.execute('PRAGMA synchronous = NORMAL')
    db
  end

  def self.migrate(db)
    db.execute_batch(<<~SQL)
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, unique_key TEXT NOT NULL UNIQUE, payload TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS done (event_id TEXT PRIMARY KEY, type TEXT NOT NULL);
      CREATE INDEX IF NOT EXISTS done_type ON done (type);
      CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, card TEXT NOT NULL);
    SQL
  end

  # Adds jobs. Used by the threads of the web server, one at a time.
  class Client
    def initialize(path)
      @db = Queueing.open(path)
      @mutex = Mutex.new
    end

    def push(event)
      @mutex.synchronize do
        break if @db.get_first_value('SELECT 1 FROM done WHERE event_id = ?', event['id'])

        @db.execute('INSERT OR IGNORE INTO jobs (unique_key, payload) VALUES (?, ?)', [key(event), JSON.generate(event)])
      end
    end

    private

    def key(event)
      event['data']['lead_email']&.to_s || event['id']
    end
  end

  # Works off jobs in the order of their arrival.
  class Worker
    attr_accessor :paused

    def initialize(path)
      @db = Queueing.open(path)
    end

    def run
      loop do
        sleep(TICK)
        @db.execute('SELECT * FROM jobs ORDER BY number').each { |job| perform(job) unless paused }
      end
    end

    private

    def perform(job)
      event = JSON.parse(job['payload'])
      @db.transaction(:immediate) do
        @db.execute('INSERT OR IGNORE INTO done VALUES (?, ?)', [event['id'], event['event']])
        update(event) if @db.changes == 1
        @db.execute('DELETE FROM jobs WHERE number = ?', [job['number']])
      end
    rescue SQLite3::Exception => e
      warn(e.message)
    end

    def update(event)
      email = event['data']['lead_email']
      return unless email.is_a?(String)

      stored = @db.get_first_value('SELECT card FROM leads WHERE email = ?', [email])
      card = stored ? JSON.parse(stored) : { 'suppressed' => false, 'unsubscribed' => false, 'open_count' => 0 }
      change(card, event['event'], event['data'], event['timestamp'])
      @db.execute('INSERT OR REPLACE INTO leads VALUES (?, ?)', [email, JSON.generate(card)])
    end

    def change(card, type, data, timestamp)
      case type
      when 'email.bounced' then card['suppressed'] ||= data['bounce_type'] == 'hard'
      when 'email.unsubscribed'
        card['unsubscribed'] = true
        card['suppressed'] ||= data['suppressed_globally'] == true
      when 'email.opened'
        card['open_count'] = [card['open_count'], data['open_count']].max if data['open_count'].is_a?(Numeric)
      when 'email.replied'
        at = Time.iso8601(timestamp).to_r
        card.update('sentiment' => data['reply_sentiment'], 'at' => at.to_s) if at >= (card['at'] || '-99999999999').to_r
      end
    end
  end
end

# The endpoint for SendEmAll.
class Endpoint
  PATH = '/webhooks/sendemall'

  def initialize(client)
    @client = client
  end

  def call(request, response)
    request.continue
    body = request.request_method == 'GET' ? '' : request.body.to_s
    response.status = status_for(request, body)
    response.content_type = 'application/json'
    response.body = JSON.generate('queued' => response.status == 202)
  end

  private

  def status_for(request, body)
    return 404 unless request.path == PATH
    return 405 unless request.request_method == 'POST'

    digest = OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)
    return 401 unless OpenSSL.secure_compare("sha256=#{digest}", request['X-SendEmAll-Signature'].to_s)

    event = parse(body)
    return 400 if event.nil?

    @client.push(event)
    202
  end

  def parse(body)
    event = JSON.parse(body.dup.force_encoding('UTF-8').scrub)
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless %w[id event timestamp].all? { |name| event[name].is_a?(String) }

    Time.iso8601(event['timestamp'])
    event['id'] = event['id'].scrub
    event['data'].transform_values! { |value| value.is_a?(String) ? value.scrub : value }
    JSON.generate(event)
    event
  rescue JSON::JSONError, ArgumentError
    nil
  end
end

# Routes every request to one object.
class Mount < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, app)
    super(server)
    @app = app
  end

  def service(request, response)
    @app.call(request, response)
  end
end

path = ENV.fetch('DATABASE')
reader = Queueing.open(path)
Queueing.migrate(reader)
worker = Queueing::Worker.new(path)
endpoint = Endpoint.new(Queueing::Client.new(path))
Thread.new { worker.run }

lock = Mutex.new
hooks = lambda do |request, response|
  _, kind, key = request.unparsed_uri.split('/', 3)
  key = WEBrick::HTTPUtils.unescape(key.to_s).force_encoding('UTF-8')
  answer = lock.synchronize do
    case kind
    when 'effects' then { count: reader.get_first_value('SELECT count(*) FROM done WHERE event_id = ?', [key]) }
    when 'leads'
      card = reader.get_first_value('SELECT card FROM leads WHERE email = ?', [key])
      totals = reader.execute('SELECT type, count(*) AS n FROM done GROUP BY type').to_h { |row| [row['type'], row['n']] }
      sent = totals['email.sent']
      rate = sent && [1, totals.fetch('email.bounced', 0) / sent.to_f].min
      card && { 'sentiment' => nil }.merge(JSON.parse(card)).except('at').merge(rates: { bounce_rate: rate })
    when 'fault'
      worker.paused = JSON.parse(request.body)['fail']
      {}
    end
  end
  response.status = answer ? 200 : 404
  response.body = JSON.generate(answer)
end

{ 'HOOKS_PORT' => hooks, 'PORT' => endpoint }.each do |variable, app|
  server = WEBrick::HTTPServer.new(Port: ENV.fetch(variable).to_i, BindAddress: '127.0.0.1', MaxClients: 300,
                                   AccessLog: [], Logger: WEBrick::Log.new(nil, 0))
  server.mount('/', Mount, app)
  Thread.new { server.start }
end
$stdin.read
exit!
