# Do with Tinify's client for Ruby what its users do; tests/e2e/test_tinify_clients.py reads on.

require "json"
require "tinify"

Tinify::Client.send(:remove_const, :API_ENDPOINT)
Tinify::Client.const_set(:API_ENDPOINT, ENV.fetch("LEANPIX_URL"))
Tinify::Client.send(:remove_const, :CA_BUNDLE)
Tinify::Client.const_set(:CA_BUNDLE, ENV.fetch("LEANPIX_AUTHORITY"))

def place(name)
  File.join(ENV.fetch("LEANPIX_FOLDER"), name)
end

def failure
  yield
  "none"
rescue Tinify::Error => error
  "#{error.class.name.split('::').last} #{error.status}"
end

told = {}
Tinify.key = ENV.fetch("LEANPIX_KEY")
Tinify.validate!
told[:count_of_validate] = Tinify.compression_count
logo = File.binread(place("logo.png"))
source = Tinify.from_file(place("logo.png"))
source.to_file(place("file.png"))
told[:count_of_shrink] = Tinify.compression_count
File.binwrite(place("buffer.png"), Tinify.from_buffer(logo).to_buffer)
Tinify.from_url("#{ENV.fetch('LEANPIX_SITE')}/logo.png").to_file(place("url.png"))
source.resize(method: "scale", width: 50).to_file(place("scale.png"))
source.resize(method: "fit", width: 50, height: 20).to_file(place("fit.png"))
source.resize(method: "cover", width: 30, height: 20).to_file(place("cover.png"))
source.resize(method: "thumb", width: 20, height: 20).to_file(place("thumb.png"))
source.convert(type: ["image/webp", "image/png"]).to_file(place("convert.webp"))
source.convert(type: "image/jpeg").transform(background: "#ff0000").to_file(place("background.jpg"))
before = Tinify.compression_count
source.preserve(:copyright, :creation).to_file(place("preserve.png"))
told[:count_of_preserve] = Tinify.compression_count - before
told[:transparent_jpeg] = failure { source.convert(type: "image/jpeg").to_buffer }
told[:broken] = failure { Tinify.from_buffer(logo[0, 200]).to_buffer }
told[:no_image] = failure { Tinify.from_buffer("no image").to_buffer }
Tinify.key = "wrong"
told[:wrong_key] = failure { Tinify.from_buffer(logo).to_buffer }
puts JSON.generate(told)
