<?php
// Do with Tinify's client for PHP what its users do; tests/e2e/test_tinify_clients.py reads on.

require getenv("LEANPIX_CLIENT") . "/lib/Tinify/Exception.php";
require getenv("LEANPIX_CLIENT") . "/lib/Tinify/ResultMeta.php";
require getenv("LEANPIX_CLIENT") . "/lib/Tinify/Result.php";
require getenv("LEANPIX_CLIENT") . "/lib/Tinify/Source.php";
require getenv("LEANPIX_CLIENT") . "/lib/Tinify/Client.php";
require getenv("LEANPIX_CLIENT") . "/lib/Tinify.php";

class LeanpixClient extends \Tinify\Client
{
    public function __construct($key)
    {
        parent::__construct($key);
        $options = new ReflectionProperty(\Tinify\Client::class, "options");
        $options->setAccessible(true);
        $authority = [CURLOPT_CAINFO => getenv("LEANPIX_AUTHORITY")];
        $options->setValue($this, $authority + $options->getValue($this));
    }

    public function request($method, $url, $body = null, ...$more)
    {
        $is_whole = strtolower(substr($url, 0, 6)) === "https:";
        return parent::request($method, $is_whole ? $url : getenv("LEANPIX_URL") . $url, $body, ...$more);
    }
}

function point_at_leanpix(string $key): void
{
    \Tinify\setKey($key);
    \Tinify\Tinify::setClient(new LeanpixClient($key));
}

function place(string $name): string
{
    return getenv("LEANPIX_FOLDER") . "/" . $name;
}

function failure(callable $work): string
{
    try {
        $work();
        return "none";
    } catch (\Tinify\Exception $error) {
        return (new ReflectionClass($error))->getShortName() . " " . $error->status;
    }
}

$told = [];
point_at_leanpix(getenv("LEANPIX_KEY"));
\Tinify\validate();
$told["count_of_validate"] = \Tinify\compressionCount();
$logo = file_get_contents(place("logo.png"));
$source = \Tinify\fromFile(place("logo.png"));
$source->toFile(place("file.png"));
$told["count_of_shrink"] = \Tinify\compressionCount();
file_put_contents(place("buffer.png"), \Tinify\fromBuffer($logo)->toBuffer());
\Tinify\fromUrl(getenv("LEANPIX_SITE") . "/logo.png")->toFile(place("url.png"));
$source->resize(["method" => "scale", "width" => 50])->toFile(place("scale.png"));
$source->resize(["method" => "fit", "width" => 50, "height" => 20])->toFile(place("fit.png"));
$source->resize(["method" => "cover", "width" => 30, "height" => 20])->toFile(place("cover.png"));
$source->resize(["method" => "thumb", "width" => 20, "height" => 20])->toFile(place("thumb.png"));
$source->convert(["type" => ["image/webp", "image/png"]])->toFile(place("convert.webp"));
$source->convert(["type" => "image/jpeg"])->transform(["background" => "#ff0000"])
    ->toFile(place("background.jpg"));
$before = \Tinify\compressionCount();
$source->preserve("copyright", "creation")->toFile(place("preserve.png"));
$told["count_of_preserve"] = \Tinify\compressionCount() - $before;
$told["transparent_jpeg"] = failure(
    fn() => $source->convert(["type" => "image/jpeg"])->toBuffer()
);
$told["broken"] = failure(fn() => \Tinify\fromBuffer(substr($logo, 0, 200))->toBuffer());
$told["no_image"] = failure(fn() => \Tinify\fromBuffer("no image")->toBuffer());
point_at_leanpix("wrong");
$told["wrong_key"] = failure(fn() => \Tinify\fromBuffer($logo)->toBuffer());
echo json_encode($told), "\n";
