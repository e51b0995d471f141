<?php
/** The bridge on the command line: php erpsync/cli.php help */
if (PHP_SAPI !== 'cli') {
    header('HTTP/1.1 404 Not Found', true, 404);
    exit;
}
require dirname(__FILE__) . '/bootstrap.php';

$erpsyncConsole = new ErpSync_Console(dirname(dirname(__FILE__)), ErpSync_Language::ofLocale());
exit($erpsyncConsole->run(array_slice($argv, 1)));
