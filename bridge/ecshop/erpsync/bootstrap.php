<?php
/** Loads the bridge's classes: ErpSync_Name is lib/Name.php. Including it does nothing else. */
if (!function_exists('erpsync_autoload')) {
    function erpsync_autoload($class)
    {
        if (preg_match('/^ErpSync_([A-Za-z]+)$/', $class, $name)) {
            $file = dirname(__FILE__) . '/lib/' . $name[1] . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
    spl_autoload_register('erpsync_autoload');
}
