<?php
/**
 * Where the shop is and how its database is reached, read from `data/config.php` as ECShop's own init.php reads it.
 */
class ErpSync_ShopConfig
{
    /** @var string the shop's folder, without a trailing slash */
    public $root;
    public $dbHost;
    /** @var int|null */
    public $dbPort;
    /** @var string|null */
    public $dbSocket;
    public $dbUser;
    public $dbPassword;
    public $dbName;
    public $prefix;
    /** @var string PHP time zone that ECShop sets; '' where it leaves PHP's own */
    public $timeZone;
    /** @var string 'utf-8' or 'gbk': the edition */
    public $charset;
    /** @var string the admin's folder, which merchants rename */
    public $adminPath;

    /**
     * @param string $root
     * @throws ErpSync_SetupError if the file is missing or has no database in it
     */
    public function __construct($root)
    {
        $this->root = rtrim($root, '/\\');
        $file = $this->root . '/data/config.php';
        if (!is_file($file)) {
            throw new ErpSync_SetupError(
                'no-shop',
                'There is no data/config.php beside the folder erpsync.',
                'Copy the folder erpsync into the folder of ECShop, where index.php and the folder data are.'
            );
        }
        $found = self::read($file);
        foreach (array('db_host', 'db_user', 'db_name', 'prefix') as $name) {
            if (!isset($found[$name]) || !is_string($found[$name])) {
                throw new ErpSync_SetupError(
                    'no-shop',
                    'data/config.php does not set $' . $name . '.',
                    'Compare data/config.php with the one that ECShop\'s installer wrote.'
                );
            }
        }
        $host = explode(':', $found['db_host'], 2);
        $this->dbHost = $host[0];
        $isPort = isset($host[1]) && ctype_digit($host[1]);
        $this->dbPort = $isPort ? (int) $host[1] : null;
        $this->dbSocket = isset($host[1]) && !$isPort ? $host[1] : null;
        $this->dbUser = $found['db_user'];
        $this->dbPassword = isset($found['db_pass']) ? (string) $found['db_pass'] : '';
        $this->dbName = $found['db_name'];
        $this->prefix = $found['prefix'];
        $this->timeZone = isset($found['timezone']) ? (string) $found['timezone'] : '';
        $charset = strtolower(defined('EC_CHARSET') ? EC_CHARSET : 'utf-8');
        $this->charset = $charset === 'gbk' ? 'gbk' : 'utf-8';
        $this->adminPath = defined('ADMIN_PATH') ? ADMIN_PATH : 'admin';
    }

    /** Its variables, without touching ours; in a cron plugin its constants are there already. */
    private static function read($file)
    {
        @include $file;
        unset($file);
        return get_defined_vars();
    }
}
