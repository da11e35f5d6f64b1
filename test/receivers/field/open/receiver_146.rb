# frozen_string_literal: true

# Keeps all leads in memory, where they are quick to read, and in SQLite, where they stay.

require 'json'
require 'openssl'
require 'sqlite3'
require 'time'
require 'uri'
require 'webrick'

Lead = Struct.new(:email, :suppressed, :unsubscribed, :open_count, :sentiment, :replied_at, keyword_init: true) do
  def self.unknown(email)
    new(email: email, suppressed: false, unsubscribed: false, open_count: 0, sentiment: nil, replied_at: 0)
  end

  def bounced(data, _at)
    self.suppressed = true if data['bounce_type'] == 'hard'
  end

  def unsubscribe(data, _at)
    self.unsubscribed = true
    self.suppressed = true if data['suppressed_globally'] == true
  end

  def opened(data, _at)
    count = data['open_count']
    self.open_count = [open_count, count.to_i].max if count.is_a?(Integer) || (count.is_a?(Float) && count.finite?)
  end

  def replied(data, at)
    return if at < replied_at

    self.replied_at = at
    self.sentiment = data['reply_sentiment']&.to_s
  end

  def columns
    [email, suppressed ? 1 : 0, unsubscribed ? 1 : 0, [open_count, 2**60].min, sentiment, replied_at]
  end
end

ACTIONS = {
  'email.bounced' => :bounced, 'email.unsubscribed' => :unsubscribe,
  'email.opened' => :opened, 'email.replied' => :replied
}.freeze

# What is in the file.
class Storage
  def initialize(path)
    @db = SQLite3::Database.new(path)
    @db.execute_batch(<<~SQL)
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, type TEXT);
      CREATE TABLE IF NOT EXISTS lead (
        email TEXT PRIMARY KEY, suppressed BOOLEAN, unsubscribed BOOLEAN,
        open_count INTEGER, sentiment TEXT, replied_at REAL);
    SQL
  end

  def save(event, lead)
    @db.transaction do
      @db.execute('INSERT INTO event VALUES (?, ?)', event.values_at('id', 'event'))
      @db.execute('INSERT OR REPLACE INTO lead VALUES (?, ?, ?, ?, ?, ?)', lead.columns) if lead
    end
  end

  def events
    @db.execute('SELECT id, type FROM event')
  end

  def leads
    @db.execute('SELECT email, suppressed, unsubscribed, open_count, sentiment, replied_at FROM lead').map do |row|
      Lead.new(**Lead.members.zip(row).to_h)
    end
  end
end

# What is in memory.
class Book
  def initialize(storage)
    @storage = storage
    @lock = Mutex.new
    @types = storage.events.to_h
    @leads = storage.leads.to_h { |lead| [lead.email, lead] }
    @out_of_order = false
  end

  def break(broken)
    @lock.synchronize { @out_of_order = broken }
  end

  def enter(event)
    @lock.synchronize do
      next if @types.key?(event['id'])
      raise IOError, 'out of order' if @out_of_order

      lead = changed(event)
      @storage.save(event, lead)
      @types[event['id']] = event['event']
      @leads[lead.email] = lead if lead
    end
  end

  def effects(id)
    @lock.synchronize { @types.key?(id) ? 1 : 0 }
  end

  def state(email)
    @lock.synchronize do
      lead = @leads[email]
      lead && {
        suppressed: lead.suppressed ? true : false,
        unsubscribed: lead.unsubscribed ? true : false,
        open_count: lead.open_count,
        sentiment: lead.sentiment,
        rates: { bounce_rate: rate('email.bounced', 'email.sent') }
      }
    end
  end

  private

  def changed(event)
    email = event['data']['lead_email']
    return unless email.is_a?(String)

    lead = (@leads[email] || Lead.unknown(email)).dup
    action = ACTIONS[event['event']]
    lead.public_send(action, event['data'], Time.iso8601(event['timestamp']).to_f) if action
    lead
  end

  def rate(part, whole)
    counts = @types.each_value.tally
    counts.key?(whole) ? [1.0, counts.fetch(part, 0).fdiv(counts[whole])].min : nil
  end
end

def event_in(body)
  text = String.new(body, encoding: 'UTF-8')
  return unless text.valid_encoding?

  event = JSON.parse(text)
  return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
  return unless event.values_at('id', 'event', 'timestamp').all?(String)
  return unless encodable?(event) && Time.iso8601(event['timestamp'])

  event
rescue JSON::JSONError, ArgumentError, EncodingError
  nil
end

# Halves of surrogate pairs are in no encoding.
def encodable?(event)
  texts = event.values_at('id', 'event') + event['data'].values_at('lead_email', 'reply_sentiment')
  texts.grep(String).all?(&:valid_encoding?)
end

def signature_of(body)
  "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', ENV['SENDEMALL_SECRET'], body)}"
end

def webhook(book)
  lambda do |request, response|
    request.continue
    body = request.body.to_s unless request.request_method == 'GET'
    given = request['X-SendEmAll-Signature'].to_s
    response.status =
      if request.path != '/webhooks/sendemall' then 404
      elsif request.request_method != 'POST' then 405
      elsif !OpenSSL.secure_compare(signature_of(body), given) then 401
      else accept(book, event_in(body))
      end
    response['Content-Type'] = 'text/plain'
    response.body = "#{response.status}\n"
  end
end

def accept(book, event)
  return 400 if event.nil?

  book.enter(event) if event['event'].match?(/\A(email|campaign)\./)
  200
rescue IOError
  503
end

def hooks(book)
  lambda do |request, response|
    _, kind, key = request.unparsed_uri.split('/', 3)
    key = URI.decode_www_form_component(key.to_s.gsub('+', '%2B'))
    found =
      case kind
      when 'effects' then { count: book.effects(key) }
      when 'leads' then book.state(key)
      else { broken: book.break(JSON.parse(request.body)['fail']) }
      end
    response.status = found ? 200 : 404
    response.body = found.to_json
  end
end

# A servlet for every method, given as a block.
class Route < WEBrick::HTTPServlet::AbstractServlet
  def service(request, response)
    @options.first.call(request, response)
  end
end

def listen(name, action)
  quiet = { AccessLog: [], Logger: WEBrick::Log.new(File::NULL) }
  server = WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ENV.fetch(name).to_i, **quiet)
  server.mount('/', Route, action)
  Thread.new { server.start }
end

book = Book.new(Storage.new(ENV.fetch('DATABASE')))
listen('HOOKS_PORT', hooks(book))
listen('PORT', webhook(book))
$stdin.each_line { nil }
exit!(0)
