<?php
/** What a person should know before and after installing: each finding with its remedy. Changes nothing that stays. */
class ErpSync_Checks
{
    const OK = 'ok';
    const WARN = 'warn';
    const FAIL = 'fail';

    /** Tables that are read or written, beside those of the bridge. */
    private static $tables = array(
        'order_info', 'order_goods', 'order_action', 'delivery_order', 'delivery_goods', 'back_order', 'back_goods', 'pay_log',
        'users', 'user_address', 'feedback', 'goods', 'products', 'package_goods', 'payment', 'shipping', 'region',
        'shop_config', 'crons', 'sessions', 'admin_user',
    );

    /** @var ErpSync_Language */
    private $language;
    /** @var string */
    private $root;
    /** @var ErpSync_App|null */
    private $app;
    /** @var array */
    private $findings;

    /** @param string $root the shop's folder */
    public function __construct($root, ErpSync_Language $language)
    {
        $this->root = $root;
        $this->language = $language;
    }

    /**
     * @param bool $withNetwork whether the shop is called under its public address too, which can take some seconds
     * @return array of name, level (ok, warn, fail), message, remedy ('' if ok)
     */
    public function run($withNetwork)
    {
        $this->findings = array();
        $this->php();
        $this->tls();
        try {
            $this->app = new ErpSync_App($this->root);
        } catch (ErpSync_SetupError $error) {
            $said = $this->language->setupError($error);
            $this->add($error->name === 'no-shop' ? 'shop' : 'database', self::FAIL, $said['message'], array(), $said['remedy']);
            return $this->findings;
        }
        $this->folder();
        if (!$this->shop()) {
            return $this->findings;
        }
        $this->database();
        $this->privileges();
        $this->time();
        $this->regions();
        $this->stock();
        $this->otherConnections();
        $this->cron();
        if ($this->app->isInstalled()) {
            $this->installation($withNetwork);
        }
        return $this->findings;
    }

    /** @return string the worst level of the findings */
    public static function worst(array $findings)
    {
        $worst = self::OK;
        foreach ($findings as $finding) {
            if ($finding['level'] === self::FAIL) {
                return self::FAIL;
            }
            if ($finding['level'] === self::WARN) {
                $worst = self::WARN;
            }
        }
        return $worst;
    }

    private function add($name, $level, $message, array $values = array(), $remedy = '', array $remedyValues = array())
    {
        $this->findings[] = array(
            'name' => $name,
            'level' => $level,
            'message' => $this->language->say($message, $values),
            'remedy' => $remedy === '' ? '' : $this->language->say($remedy, $remedyValues),
        );
    }

    private function php()
    {
        $isOld = version_compare(PHP_VERSION, '5.3.0', '<');
        $this->add(
            'php',
            $isOld ? self::FAIL : self::OK,
            'PHP %s',
            array(PHP_VERSION),
            $isOld ? 'The bridge needs PHP 5.3 or newer.' : ''
        );
        $missing = array();
        foreach (array('mysqli', 'json', 'hash', 'pcre', 'ctype', 'date') as $extension) {
            if (!extension_loaded($extension)) {
                $missing[] = $extension;
            }
        }
        if ($missing === array()) {
            $this->add('extensions', self::OK, 'all extensions are there');
        } else {
            $this->add(
                'extensions',
                self::FAIL,
                'PHP lacks the extensions %s',
                array(implode(', ', $missing)),
                'Switch them on in the hosting panel, or ask the host to.'
            );
        }
        if (PHP_INT_SIZE < 8) {
            $this->add(
                'integers',
                self::FAIL,
                'This PHP counts with 32 bits',
                array(),
                'Use a 64-bit PHP: sequence numbers and milliseconds need more than 32 bits.'
            );
        }
        try {
            ErpSync_Random::bytes(1);
            $this->add('randomness', self::OK, 'there is strong randomness for the secrets');
        } catch (Exception $error) {
            $this->add(
                'randomness',
                self::FAIL,
                'there is no strong randomness for the secrets',
                array(),
                'Switch on the extension openssl, or let PHP read /dev/urandom (open_basedir).'
            );
        }
    }

    private function tls()
    {
        $how = null;
        if (function_exists('curl_version') && function_exists('curl_exec')) {
            $curl = curl_version();
            $library = isset($curl['ssl_version']) ? $curl['ssl_version'] : '';
            if (self::knowsTls12($library)) {
                $how = 'curl, ' . $library;
            }
        }
        // Before 5.6 PHP's own streams speak TLS 1.0 only, whatever the library.
        if ($how === null && extension_loaded('openssl') && version_compare(PHP_VERSION, '5.6.0', '>=')
            && function_exists('stream_socket_client') && in_array('tlsv1.2', stream_get_transports(), true)) {
            $how = OPENSSL_VERSION_TEXT;
        }
        if ($how === null) {
            $this->add(
                'tls',
                self::FAIL,
                'PHP cannot make connections with TLS 1.2',
                array(),
                'Switch on the extension curl with OpenSSL 1.0.1 or newer, or the extension openssl with PHP 5.6 or newer. The service takes nothing older.'
            );
        } else {
            $this->add('tls', self::OK, 'TLS 1.2 works (%s)', array($how));
        }
    }

    private static function knowsTls12($library)
    {
        if (preg_match('#^OpenSSL/(\d+\.\d+\.\d+)#', $library, $found)) {
            return version_compare($found[1], '1.0.1', '>=');
        }
        if (preg_match('#^NSS/(\d+\.\d+)#', $library, $found)) {
            return version_compare($found[1], '3.15.1', '>=');
        }
        // GnuTLS, LibreSSL, Schannel and the like: every version still in use knows it.
        return $library !== '';
    }

    private function folder()
    {
        $data = $this->app->config->root . '/data';
        $file = $data . '/erpsync.php';
        if (is_file($file) ? is_writable($file) : is_writable($data)) {
            $this->add('folder', self::OK, 'the folder data can be written to');
        } else {
            $this->add(
                'folder',
                self::FAIL,
                is_file($file) ? 'data/erpsync.php cannot be written to' : 'the folder data cannot be written to',
                array(),
                'Let the web server and the user of the command line write to it (owner or chmod), as ECShop itself needs it.'
            );
        }
    }

    /** @return bool whether the other checks make sense */
    private function shop()
    {
        $db = $this->app->db;
        $missing = array();
        foreach (self::$tables as $table) {
            if ($db->columns($table) === array()) {
                $missing[] = $db->tableName($table);
            }
        }
        if ($missing !== array()) {
            $this->add(
                'shop',
                self::FAIL,
                'the database lacks tables of ECShop: %s',
                array(implode(', ', $missing)),
                'Compare $db_name and $prefix in data/config.php with the database. ECShop before 2.7.3 is not supported.'
            );
            return false;
        }
        $version = ErpSync_ShopVersion::of($this->app);
        $generation = $this->generation();
        $prefix = $this->app->config->prefix;
        if ($version === '') {
            $this->add('shop', self::WARN, 'ECShop, by its columns %s; prefix %s', array($generation, $prefix),
                'includes/inc_constant.php names no version. Check that the folder erpsync lies in the shop\'s folder.');
        } else {
            $this->add('shop', self::OK, 'ECShop %s, by its columns %s; prefix %s', array($version, $generation, $prefix));
        }
        return true;
    }

    /** 3.x and 4.x added `lastmodify` to order_info; 2.8 widened the ids to int. */
    private function generation()
    {
        $columns = $this->app->db->columns('order_info');
        if (isset($columns['lastmodify'])) {
            return '3.x/4.x';
        }
        return stripos($columns['order_id']['Type'], 'mediumint') === 0 ? '2.7' : '2.8';
    }

    private function database()
    {
        $db = $this->app->db;
        $this->add('database', self::OK, 'database server %s', array($db->value('SELECT VERSION()')));
        $engines = array();
        $charsets = array();
        foreach (self::$tables as $table) {
            $row = $db->row('SHOW TABLE STATUS LIKE ?', array(addcslashes($db->tableName($table), '\\%_')));
            $engine = (string) $row['Engine'];
            $engines[$engine] = isset($engines[$engine]) ? $engines[$engine] + 1 : 1;
            $charset = preg_replace('/_.*$/', '', (string) $row['Collation']);
            $charsets[$charset] = true;
        }
        $named = array();
        foreach ($engines as $engine => $count) {
            $named[] = $count . ' ' . $engine;
        }
        if (ErpSync_Tables::hasInnoDb($db)) {
            $this->add('engines', self::OK, 'tables of the shop: %s; those of the bridge are InnoDB', array(implode(', ', $named)));
        } else {
            $this->add(
                'engines',
                self::WARN,
                'tables of the shop: %s; the server has no InnoDB',
                array(implode(', ', $named)),
                'The bridge works with MyISAM too. After a crash of the server, repair its tables as you repair those of the shop.'
            );
        }
        $charset = $this->app->config->charset;
        $fits = $charset === 'gbk' ? array('gbk', 'gb2312', 'gb18030') : array('utf8', 'utf8mb3', 'utf8mb4');
        $other = array_diff(array_keys($charsets), $fits);
        if ($other === array()) {
            $this->add('charset', self::OK, 'edition %s, columns in %s', array($charset, implode(', ', array_keys($charsets))));
        } else {
            $this->add(
                'charset',
                self::WARN,
                'edition %s, but columns in %s',
                array($charset, implode(', ', $other)),
                'The database transcodes by what its columns declare. Look at a Chinese name in an order that has arrived; if it is garbled, convert these tables or correct EC_CHARSET.'
            );
        }
    }

    private function privileges()
    {
        $db = $this->app->db;
        try {
            $db->exec('DROP TABLE IF EXISTS {erpsync_probe}');
            $db->exec('CREATE TABLE {erpsync_probe} (id INT NOT NULL, PRIMARY KEY (id))');
            $db->exec('INSERT INTO {erpsync_probe} (id) VALUES (1)');
            $db->exec('UPDATE {erpsync_probe} SET id = 2');
            $db->exec('DELETE FROM {erpsync_probe}');
            $db->exec('DROP TABLE {erpsync_probe}');
            $this->add('privileges', self::OK, 'tables can be created, written and dropped');
        } catch (ErpSync_DbError $error) {
            $this->add(
                'privileges',
                self::FAIL,
                'tables cannot be created, written or dropped (MySQL error %d)',
                array($error->getCode()),
                'Give the database user of data/config.php the privileges CREATE, DROP, INDEX, INSERT, UPDATE and DELETE on the shop\'s database.'
            );
            return;
        }
        $problem = ErpSync_Triggers::probe($db);
        if ($problem === null) {
            $this->add('triggers', self::OK, 'triggers are allowed: changes are captured as they happen');
        } else {
            $said = $this->language->problem($problem);
            $this->add(
                'triggers',
                self::WARN,
                'triggers are not possible here (%s): changes are found by polling, about a minute later',
                array($said['message']),
                '%s Then run php erpsync/cli.php repair, or press “Repair” on the setup page. Polling is complete too, only slower.',
                array($said['remedy'])
            );
        }
    }

    private function time()
    {
        $config = $this->app->config;
        $installed = ErpSync_Tables::exist($this->app->db);
        $since = $installed ? $this->app->state->get('plain_since') : '';
        $time = ErpSync_ShopTime::measure($config, (int) $since);
        $zone = date_default_timezone_get();
        if (!function_exists('gmtime')) {
            $this->add(
                'time',
                self::WARN,
                'includes/lib_time.php has no gmtime(): stored times are taken for those of ECShop 2.x in zone %s',
                array($zone),
                'Compare the time of an order that has arrived with the one in the admin area.'
            );
        } else {
            $this->add(
                'time',
                self::OK,
                'zone %s; the shop stores times %d seconds behind true ones (measured)',
                array($zone, $time->offset())
            );
        }
        if ($time->offset() === 0 && date('Z') !== '0' && $since === '' && $this->hasOrders()) {
            $this->add(
                'older-times',
                self::WARN,
                'this shop stores true times; if it was upgraded from 2.7 or 2.8, times from before are some hours too early',
                array(),
                'If it was upgraded, run php erpsync/cli.php plain-since "2016-12-14 10:00" with the time of the upgrade; if it was not, plain-since 0.'
            );
        }
        $skew = time() - (int) $this->app->db->value('SELECT UNIX_TIMESTAMP()');
        if (abs($skew) > 60) {
            $this->add(
                'clock',
                self::WARN,
                'the clocks of PHP and database differ by %d seconds',
                array($skew),
                'Let both servers keep their clocks by NTP. The service is asked for the right time at each test.'
            );
        } else {
            $this->add('clock', self::OK, 'the clocks of PHP and database agree: %s', array(ErpSync_ShopTime::iso(time())));
        }
    }

    private function hasOrders()
    {
        return $this->app->db->value('SELECT order_id FROM {order_info} LIMIT 1') !== null;
    }

    private function regions()
    {
        $db = $this->app->db;
        $provinces = (int) $db->value('SELECT COUNT(*) FROM {region} WHERE region_type = 1');
        if ($provinces > 0) {
            $this->add('regions', self::OK, '%d provinces have names', array($provinces));
        } else {
            $this->add(
                'regions',
                self::WARN,
                'the shop has no list of provinces and cities',
                array(),
                'Import one under System settings → Region list. Without it orders arrive without province and city, and most ERPs need them.'
            );
        }
    }

    private function stock()
    {
        $mode = new ErpSync_StockSwitch($this->app);
        $now = $mode->current();
        if ($now === 'none') {
            $this->add(
                'stock',
                self::WARN,
                'the shop does not manage stock (use_storage is off): figures of the ERP are written, but checkout does not look at them',
                array(),
                'To stop overselling, switch stock management on in the shop settings.'
            );
        } elseif ($now === 'placement') {
            $this->add('stock', self::OK, 'stock is reduced when an order is placed: the safe mode');
        } else {
            $this->add(
                'stock',
                self::WARN,
                'stock is reduced at shipment (the default of ECShop): between order and shipment the same piece can be sold again',
                array(),
                'Consider reducing it at placement: read the explanation on the setup page, then choose it there or with php erpsync/cli.php stock-mode placement.'
            );
        }
    }

    /** The ShopEx matrix of 3.x and 4.x pushes the same orders to an OMS. */
    private function otherConnections()
    {
        $db = $this->app->db;
        if ($db->columns('shop_bind') !== array()
            && (int) $db->value('SELECT COUNT(*) FROM {shop_bind}') > 0) {
            $this->add(
                'other-erp',
                self::WARN,
                'the shop is bound to the ShopEx matrix (an OMS or a printing tool)',
                array(),
                'Make sure that one of the two creates documents in the ERP, not both: unbind the matrix, or leave orders out of this sync.'
            );
        }
    }

    private function cron()
    {
        $db = $this->app->db;
        $file = is_file($this->app->config->root . '/includes/modules/cron/erpsync.php');
        $row = $db->row('SELECT enable FROM {crons} WHERE cron_code = ?', array('erpsync'));
        if ($file && $row !== null && $row['enable'] === '1') {
            $this->add('cron', self::OK, 'the scheduled task of the shop calls the relay');
        } elseif (!$file) {
            $this->add(
                'cron',
                self::WARN,
                'the cron module is not in includes/modules/cron',
                array(),
                'Copy cron/erpsync.php there, or let the system\'s cron run php erpsync/cli.php relay every minute.'
            );
        } elseif ($row === null) {
            $this->add(
                'cron',
                self::WARN,
                'the cron module is there, but not installed as a scheduled task',
                array(),
                'Installing the bridge, or “Repair”, does that. By hand: System settings → Scheduled tasks.'
            );
        } else {
            $this->add(
                'cron',
                self::WARN,
                'the scheduled task is switched off',
                array(),
                'Switch it on under System settings → Scheduled tasks, or let the system\'s cron run php erpsync/cli.php relay every minute.'
            );
        }
    }

    private function installation($withNetwork)
    {
        $obstacle = $this->app->obstacle();
        if ($obstacle !== null) {
            $said = $this->language->problem($obstacle);
            $this->add('bridge', self::FAIL, '%s', array($said['message']), '%s', array($said['remedy']));
        }
        $state = $this->app->state;
        if ($state->get('capture') === 'triggers') {
            $missing = ErpSync_Triggers::missing($this->app->db);
            if ($missing !== array()) {
                $this->add(
                    'capture',
                    self::FAIL,
                    '%d triggers are missing: changes are found by the nightly sweep only',
                    array(count($missing)),
                    'Press “Repair” on the setup page or run php erpsync/cli.php repair.'
                );
            }
        }
        if ($withNetwork) {
            $this->reachable($state->get('public_url') . 'erpsync/v1/health.php');
        }
    }

    private function reachable($url)
    {
        $http = new ErpSync_HttpClient(5);
        $answer = $http->send('GET', $url, array(), '');
        $body = json_decode(isset($answer['body']) ? (string) $answer['body'] : '', true);
        if (is_array($body) && isset($body['code']) && in_array($body['code'], array('missing-signature', 'not-bound', 'restored'), true)) {
            $this->add('reachable', self::OK, 'the folder erpsync answers under its public address');
        } else {
            $this->add(
                'reachable',
                self::WARN,
                'the folder erpsync does not answer under %s',
                array($url),
                'Open this address in a browser: it has to answer with JSON and the code missing-signature. If it does, only this server cannot reach itself, and all is well. Otherwise allow PHP files in the folder erpsync/v1 (firewall, rewrite rules).'
            );
        }
    }
}
